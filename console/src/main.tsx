import { render } from "preact";
import "./style/tokens.css";
import "./style/base.css";
import "./style/manage.css";
import { App } from "./app.tsx";

render(<App />, document.getElementById("console")!);
