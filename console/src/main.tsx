import { render } from "preact";
import "./style/tokens.css";
import "./style/base.css";
import "./style/manage.css";
import { App, begin } from "./app.tsx";

begin();
render(<App />, document.getElementById("console")!);
