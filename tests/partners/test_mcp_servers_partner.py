"""Servers of tools by the authors of the Model Context Protocol as plugins: server-filesystem and server-everything (npm), and one that their
SDK for Python serves. Listed, approved, called alone and by a model, in every sandbox; killed, given up, and with a list that changes."""

import json
import os
import pathlib
import shutil
import signal
import unittest

from partners import NODE, PARTNERS, PYTHON_LIB, TIMEOUT_S, Aimock, PartnerTest, wait_for

SERVERS = PARTNERS / "mcp_servers"
SANDBOXES = ("bubblewrap", "landlock", "off")


def toml(value):
    return json.dumps(value)  # texts and lists of texts are written alike


def children_of(pid):
    """All processes below this one."""
    below = []
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            below += [int(word) for word in task.read_text().split()]
        except OSError:
            pass  # it has ended
    return below + [deeper for child in below for deeper in children_of(child)]


def program_of(pid):
    try:
        return os.path.basename(os.readlink(f"/proc/{pid}/exe"))
    except OSError:
        return ""


class McpTest(PartnerTest):
    def setUp(self):
        super().setUp()
        if not (SERVERS / ".complete").exists():
            raise AssertionError("the servers are not installed: run tests/partners/install_mcp_servers.sh")
        self.data = os.path.join(self.folder, "data")
        os.mkdir(self.data)
        self.variables = {}

    def put_plugin(self, name, command, tools="", **permissions):
        """Into the user's folder of plugins."""
        folder = pathlib.Path(self.home, ".config/deed/plugins", name)
        folder.mkdir(parents=True, exist_ok=True)
        may = "".join(f"{what} = {toml(which)}\n" for what, which in permissions.items())
        (folder / "plugin.toml").write_text(f"name = {toml(name)}\ncommand = {toml(command)}\n{tools}\n[permissions]\n{may}")
        return folder

    def server_command(self, name, *arguments):
        return [os.path.realpath(NODE), os.path.realpath(SERVERS / f"node_modules/@modelcontextprotocol/{name}/dist/index.js"), *arguments]

    def put_files(self, tools=""):
        self.put_plugin("files", self.server_command("server-filesystem", self.data), tools, read=[os.path.realpath(SERVERS)], write=[self.data])

    def put_everything(self, tools=""):
        self.put_plugin("every", self.server_command("server-everything"), tools, read=[os.path.realpath(SERVERS)])

    def put_python(self, tools=""):
        self.variables["PYTHONPATH"] = os.path.realpath(PYTHON_LIB)
        folder = self.put_plugin("python", ["python3", "python_tools.py"], tools, read=[os.path.realpath(PYTHON_LIB), "."], environment=["PYTHONPATH"])
        shutil.copy(pathlib.Path(__file__).with_name("python_tools.py"), folder)

    def approve(self, name):
        return self.deed("plugin", "approve", name, "--yes", "--json")["tools"]

    def state_of(self, name):
        found = [p for p in self.deed("plugin", "list", "--json")["plugins"] if p["name"] == name]
        self.assertEqual(len(found), 1)
        return found[0]

    def call(self, tool, arguments, expect=0):
        """Calls a tool without a model; returns the call."""
        report = self.deed("tools", "call", tool, json.dumps(arguments), "--yes", "--json", "--quiet", expect=expect)
        return report["calls"][0]

    def run_arguments(self, *turns, flags=("--json",)):
        """A run whose model calls one tool a turn, and then says that it is done."""
        calls = [{"toolCalls": [{"name": name.replace(".", "__"), "arguments": arguments}]} for name, arguments in turns]
        self.aimock = self.server(Aimock(self.folder, [*calls, {"content": "Done."}]))
        return ["run", "--model", self.aimock.model, "--yes", *flags, "Do what is to be done."]

    def run_calls(self, *turns, expect=0):
        report = self.deed(*self.run_arguments(*turns), expect=expect)
        return report, report["calls"]


class Filesystem(McpTest):
    def test_is_used_only_once_it_was_approved(self):
        self.put_files()
        self.assertEqual(self.state_of("files")["state"], "unseen")
        self.assertNotIn("files.read_text_file", [t["name"] for t in self.deed("tools", "list", "--json")["tools"]])
        self.assertEqual(len(self.approve("files")), 14)
        self.assertEqual(self.state_of("files")["state"], "agreed")
        effects = {t["name"]: t["effect"] for t in self.deed("tools", "list", "--json")["tools"]}
        self.assertEqual((effects["files.read_text_file"], effects["files.write_file"], effects["files.move_file"]), ("read", "idempotent", "once"))

    def test_is_taken_as_the_manifest_corrects_it(self):
        self.put_files('[[tools]]\nname = "move_file"\neffect = "idempotent"\nroles = {destination = "destination"}\nharmless = true\n')
        self.approve("files")
        tool = next(t for t in self.deed("tools", "list", "--json")["tools"] if t["name"] == "files.move_file")
        self.assertEqual((tool["effect"], tool["roles"], tool["approval"]), ("idempotent", {"destination": "destination"}, "never"))

    def test_serves_its_tools_to_a_run(self):
        self.put_files('[[tools]]\nname = "write_file"\nerrors = "rejected"\n')
        self.approve("files")
        path = os.path.join(self.data, "note.txt")
        report, calls = self.run_calls(
            ("files.write_file", {"path": path, "content": "oak 120 EUR\n"}),
            ("files.read_text_file", {"path": path}),
            ("files.list_directory", {"path": self.data}),
            ("files.write_file", {"path": os.path.join(self.folder, "outside.txt"), "content": "no"}),
            ("files.move_file", {"source": path, "destination": os.path.join(self.data, "moved.txt")}))
        self.assertEqual(report["status"], "done")
        self.assertEqual([c["outcome"] for c in calls], ["succeeded", "succeeded", "succeeded", "rejected", "succeeded"])
        self.assertEqual(pathlib.Path(self.data, "moved.txt").read_text(), "oak 120 EUR\n")
        self.assertFalse(os.path.exists(os.path.join(self.folder, "outside.txt")))
        said = [m["content"] for m in self.aimock.requests()[-1]["messages"] if m["role"] == "tool"]
        self.assertIn("oak 120 EUR", said[1])
        self.assertIn("[FILE] note.txt", said[2])
        self.assertIn("Access denied", said[3])

    def test_works_in_every_sandbox_and_sees_only_its_folders(self):
        self.put_files()
        self.approve("files")
        held = []
        for kind in SANDBOXES:
            self.variables["DEED_SANDBOX"] = kind
            tried = self.deed("plugin", "check", "--json", os.path.join(self.home, ".config/deed/plugins/files"), expect=(0, 1, 2, 3))
            if "findings" in tried and any("sandbox" in f["detail"] and f["grade"] == "bad" for f in tried["findings"]):
                continue  # that kind does not hold on this machine
            with self.subTest(sandbox=kind):
                held.append(kind)
                path = os.path.join(self.data, f"{kind}.txt")
                self.assertEqual(self.call("files.write_file", {"path": path, "content": kind})["outcome"], "succeeded")
                self.assertEqual(self.call("files.read_text_file", {"path": path})["text"], kind)
                self.assertIn(f"[FILE] {kind}.txt", self.call("files.list_directory", {"path": self.data})["text"])
        self.assertIn("off", held)


class Everything(McpTest):
    def test_serves_texts_numbers_and_structures_to_a_run(self):
        self.variables["SECRET_OF_TESTS"] = "hush-hush"
        self.put_everything()
        self.approve("every")
        report, calls = self.run_calls(
            ("every.echo", {"message": "héllo\n\"quoted\""}), ("every.get_sum", {"a": 2, "b": 3.5}),
            ("every.get_structured_content", {"location": "Chicago"}), ("every.get_annotated_message", {"messageType": "error"}),
            ("every.get_resource_links", {"count": 2}), ("every.get_env", {}))
        self.assertEqual(report["status"], "done")
        self.assertEqual([c["outcome"] for c in calls], ["succeeded"] * 6)
        self.assertEqual(calls[0]["text"], "Echo: héllo\n\"quoted\"")
        self.assertIn("5.5", calls[1]["text"])
        self.assertEqual(set(calls[2]["result"]), {"temperature", "conditions", "humidity"})
        self.assertIn("demo://resource", calls[4]["text"])
        self.assertNotIn("hush-hush", calls[5]["text"])

    def test_shows_its_picture_to_the_model(self):
        self.put_everything()
        self.approve("every")
        _, calls = self.run_calls(("every.get_tiny_image", {}))
        self.assertIn("Here's the image you requested", calls[0]["text"])
        self.assertIn("data:image/png;base64,", json.dumps(self.aimock.requests()[-1]["messages"]))

    def test_takes_data_where_the_manifest_says_that_it_is_no_destination(self):
        arguments = {"name": "a.gz", "data": "data:text/plain,hello", "outputType": "resource"}
        self.put_everything()
        self.approve("every")
        self.assertEqual(self.call("every.gzip_file_as_resource", arguments, expect=1)["verdict"], "invalid")
        self.put_everything('[[tools]]\nname = "gzip-file-as-resource"\nroles = {data = "text"}\n')
        self.approve("every")
        self.assertIn("demo://resource", self.call("every.gzip_file_as_resource", arguments)["text"])

    def test_has_no_tool_that_only_a_task_can_call(self):
        self.put_everything()
        names = [t["name"] for t in self.approve("every")]
        self.assertIn("get-sum", names)
        self.assertNotIn("simulate-research-query", names)

    def test_is_one_process_for_a_whole_run(self):
        self.put_everything()
        self.approve("every")
        # Not the same arguments: a call that was made is not made again.
        _, calls = self.run_calls(*[("every.toggle_simulated_logging", {"number": number}) for number in range(3)])
        # It says that its list has changed as soon as it is greeted; started again for that, it would have forgotten.
        self.assertEqual([c["text"].split()[0] for c in calls], ["Started", "Stopped", "Started"])

    def begin_long_call(self, *more_turns):
        """A run that is in the middle of a call, known by its progress: (the run's process, the server's number)."""
        turns = ("every.trigger_long_running_operation", {"duration": 60, "steps": 600}), *more_turns
        process = self.start(*self.run_arguments(*turns, flags=()))
        self.addCleanup(process.kill)
        seen = []
        while not any("of 600" in line for line in seen):
            line = process.stderr.readline()
            self.assertTrue(line, "".join(seen))
            seen.append(line)
        servers = [pid for pid in children_of(process.pid) if program_of(pid) == "node"]
        self.assertEqual(len(servers), 1, seen)
        return process, servers[0]

    def kill_server_in_a_call(self):
        """The report of a run whose model asks for a sum after its server was killed."""
        self.approve("every")
        process, server = self.begin_long_call(("every.get_sum", {"a": 1, "b": 2}))
        os.kill(server, signal.SIGKILL)
        _, talk = process.communicate(timeout=TIMEOUT_S)
        shown = self.deed("show", "last", "--json")
        return process.returncode, [e["body"]["status"] for e in shown["events"] if e["kind"] == "effect.settled"], talk

    def test_is_started_again_when_it_was_killed_in_a_call_that_reads(self):
        self.put_everything()
        self.assertEqual(self.kill_server_in_a_call()[:2], (0, ["failed_without_effect", "succeeded"]))

    def test_leaves_the_outcome_open_when_it_was_killed_in_a_call_that_may_not_happen_twice(self):
        self.put_everything('[[tools]]\nname = "trigger-long-running-operation"\neffect = "once"\n')
        self.assertEqual(self.kill_server_in_a_call()[:2], (4, ["unknown"]))

    def test_ends_with_the_command(self):
        self.put_everything()
        self.approve("every")
        process, server = self.begin_long_call()
        self.kill(process)
        wait_for(lambda: program_of(server) != "node", "the end of the server")


class PythonSdk(McpTest):
    def test_serves_structures_and_errors_by_their_class_to_a_run(self):
        self.put_python('[[tools]]\nname = "post"\nerrors = "rejected"\n')
        self.approve("python")
        report, calls = self.run_calls(("python.add", {"a": 2, "b": 3}), ("python.weather", {"city": "Rome"}), ("python.divide", {"a": 1, "b": 0}),
                                       ("python.post", {"text": "hello"}), ("python.count", {"to": 3}))
        self.assertEqual(report["status"], "done")
        self.assertEqual([c["outcome"] for c in calls], ["succeeded", "succeeded", "failed_without_effect", "rejected", "succeeded"])
        self.assertEqual(calls[0]["result"], {"result": 5})
        self.assertEqual(calls[1]["result"], {"city": "Rome", "degrees": 21.5})
        self.assertIn("Error executing tool divide", calls[2]["text"])

    def test_leaves_open_what_an_error_of_a_tool_means_that_says_nothing_of_its_effect(self):
        self.put_python()
        self.approve("python")
        report, calls = self.run_calls(("python.post", {"text": "hello"}), ("python.add", {"a": 1, "b": 2}), expect=4)
        self.assertEqual((report["status"], [c["outcome"] for c in calls]), ("unknown", ["unknown"]))

    def test_is_given_up_at_its_deadline_and_works_again(self):
        self.put_python('[[tools]]\nname = "count"\ntimeout_s = 1\n')
        self.approve("python")
        report, calls = self.run_calls(("python.add", {"a": 0, "b": 1}), ("python.count", {"to": 1_000_000}), ("python.add", {"a": 1, "b": 2}))
        self.assertEqual([c["outcome"] for c in calls], ["succeeded", "failed_without_effect", "succeeded"])
        self.assertEqual(calls[2]["result"], {"result": 3})

    def test_is_not_used_when_it_lists_other_tools_until_they_are_approved(self):
        self.put_python()
        self.approve("python")
        self.assertEqual(self.call("python.add", {"a": 1, "b": 2})["outcome"], "succeeded")
        pathlib.Path(self.root, "more").touch()
        refused = self.call("python.add", {"a": 1, "b": 2}, expect=1)
        self.assertEqual(refused["outcome"], "failed_without_effect")
        self.assertIn("other tools than you agreed to", refused["result"]["error"])
        self.assertIn("more", [t["name"] for t in self.approve("python")])
        self.assertEqual(self.call("python.add", {"a": 1, "b": 2})["outcome"], "succeeded")
        self.assertEqual(self.call("python.more", {})["text"], "more")

    def test_is_not_used_when_its_files_have_changed_until_they_are_approved(self):
        self.put_python()
        self.approve("python")
        with open(os.path.join(self.home, ".config/deed/plugins/python/python_tools.py"), "a", encoding="utf-8") as file:
            file.write("# changed\n")
        self.assertEqual(self.state_of("python")["state"], "changed")
        self.approve("python")
        self.assertEqual(self.state_of("python")["state"], "agreed")


if __name__ == "__main__":
    unittest.main()
