"""What `doorward policy schema` prints and what `doorward policy validate` says agree, by an independent validator.

Documents: the examples of src/policy/testdata, and random ones with one thing wrong in a fifth of them, of the
reference evaluator's generator. `beyond_schema.json` names what is refused for a reason that no schema can state.
"""
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

from harness.gateway import BINARY, ROOT
from peers.peer import HERE, drive

sys.path.insert(0, str(ROOT / "tests/reference"))
from policies import Decks, Policy  # noqa: E402

EXAMPLES = ROOT / "src/policy/testdata/examples"
BEYOND = json.loads((HERE / "beyond_schema.json").read_text())
RANDOM_DOCUMENTS = 2000
NO_ZONE = "Mars/Olympus"  # of the generator


def by_schema(documents):
    """Name -> None, or why the schema refuses the text."""
    schema = subprocess.run([str(BINARY), "policy", "schema"], capture_output=True, text=True, check=True).stdout
    return drive("schema_check.mjs", {"schema": json.loads(schema), "documents": documents})


def by_validate(files):
    """The exit status, and path -> the first error or None."""
    done = subprocess.run([str(BINARY), "policy", "validate", "--json", *map(str, files)], capture_output=True,
                          text=True)
    judged = json.loads(done.stdout)["files"]
    return done.returncode, {one["file"]: first_error(one) for one in judged}


def first_error(judged):
    errors = [finding for finding in judged["findings"] if finding["severity"] == "error"]
    return None if judged["valid"] else errors[0]["message"]


class Schema(unittest.TestCase):
    maxDiff = None

    def test_the_examples(self):
        files = sorted(EXAMPLES.glob("*/*.json"))
        schema = by_schema({str(file): file.read_text() for file in files})
        self.assertGreater(len(files), 80)
        for file in files:
            status, judged = by_validate([file])
            with self.subTest(file.relative_to(EXAMPLES)):
                if file.parent.name == "valid":
                    self.assertEqual((status, judged[str(file)], schema[str(file)]), (0, None, None))
                else:
                    self.assertEqual(status, 3)
                    self.assertIsNotNone(judged[str(file)])
                    self.assertEqual(schema[str(file)] is None, file.stem in BEYOND["examples"], schema[str(file)])

    def test_the_policies_of_the_documentation(self):
        files = sorted((ROOT / "examples/policies").glob("*.json"))
        self.assertTrue(files)
        schema = by_schema({str(file): file.read_text() for file in files})
        status, judged = by_validate(files)
        self.assertEqual((status, {**judged}), (0, {str(file): None for file in files}))
        self.assertEqual(schema, judged)

    def test_random_documents(self):
        rng = random.Random("schema")
        decks = Decks(rng)
        policies = {f"{number}.json": Policy(rng, decks) for number in range(RANDOM_DOCUMENTS)}
        schema = by_schema({name: policy.text for name, policy in policies.items()})
        with tempfile.TemporaryDirectory(prefix="doorward-peers-") as folder:
            files = [pathlib.Path(folder, name) for name in policies]
            for file, policy in zip(files, policies.values()):
                file.write_text(policy.text)
            status, judged = by_validate(files)
        self.assertEqual(status, 3)
        let_through = set()
        for file in files:
            policy, refused, why = policies[file.name], judged[str(file)], schema[file.name]
            self.assertEqual(refused is not None, policy.spoiled is not None, (policy.spoiled, refused, policy.text))
            if policy.spoiled and why is None:
                let_through.add("time zone" if policy.document.get("timezone") == NO_ZONE else policy.spoiled)
            elif not policy.spoiled:
                self.assertIsNone(why, policy.text)
        self.assertLessEqual(let_through, set(BEYOND["ways"]), "ways to spoil a document that the schema lets through")
        self.assertGreater(len(let_through), 4)


if __name__ == "__main__":
    unittest.main()
