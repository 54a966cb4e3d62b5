"""Every example is loaded, and so is every block of the documents that is one."""
import re
import unittest

from cli.tool import EXAMPLES, CommandCase
from harness.gateway import ROOT


class Examples(CommandCase):
    def test_configurations(self):
        files = sorted(EXAMPLES.glob("*.yaml"))
        self.assertTrue(files)
        for path in files:
            with self.subTest(path.name):
                self.run_command("config", "check", path)

    def test_policies(self):
        files = sorted(EXAMPLES.glob("policies/*.json"))
        self.assertTrue(files)
        self.run_command("policy", "validate", *files)


class Documents(CommandCase):
    def test_policies_of_the_readme(self):
        blocks = re.findall(r"```json\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
        self.assertTrue(blocks)
        for block in blocks:
            self.run_command("policy", "validate", self.write("readme.json", block))

    def test_yaml_blocks_of_the_configuration_reference(self):
        blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "configuration.md").read_text(), re.S)
        self.assertTrue(blocks)
        for name in re.findall(r"file: (policies/\S+?\.json)", "".join(blocks)):
            self.write(name, (EXAMPLES / name).read_text())
        for block in blocks:
            with self.subTest(block):
                self.run_command("config", "check", self.write("g.yaml", block))

    def test_every_command_of_the_reference_exists(self):
        text = (ROOT / "docs" / "commands.md").read_text()
        commands = set(re.findall(r"^### `doorward ([a-z -]+)`", text, re.M))
        self.assertGreater(len(commands), 20)
        for command in sorted(commands):
            with self.subTest(command):
                self.run_command(*command.split(), "--help", state=False)


if __name__ == "__main__":
    unittest.main()
