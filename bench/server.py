"""A chat completions server on Python's own http.server: answers each request, SECONDS after it came, with one call of the tool
"nothing", and after TURNS results with text. Prints its port. Usage: server.py TURNS SECONDS"""
import http.server
import json
import sys
import time

TURNS = int(sys.argv[1])
SECONDS = float(sys.argv[2])


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(SECONDS)
        done = body.count(b'"tool_call_id"')
        if done < TURNS:
            function = {"name": "nothing", "arguments": json.dumps({"n": done})}
            delta = {"tool_calls": [{"index": 0, "id": "c", "type": "function", "function": function}]}
        else:
            delta = {"content": "done"}
        chunk = {"choices": [{"index": 0, "delta": delta, "finish_reason": "tool_calls" if done < TURNS else "stop"}]}
        reply = f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
