"""Runs a Flask receiver as a document prints it, without Flask.

stdin: {"code", "secret", "requests": [{"headers", "body"}]}; header names are lower case, the secret is what the code finds in
its environment and as SECRET. stdout: the list of the statuses that it answers.
"""

import contextlib
import json
import os
import sys
import types

given = json.load(sys.stdin.buffer)
handlers = []


class Flask:
    def __init__(self, *_):
        pass

    def route(self, *_, **__):
        return lambda handler: handlers.append(handler) or handler


class Headers:
    def __init__(self, values):
        self.values = values

    def get(self, name, default=None):
        return self.values.get(name.lower(), default)


class Request:
    def receive(self, headers, body):
        self.headers = Headers(headers)
        self.body = body
        self.json = json.loads(body)

    def get_json(self):
        return self.json

    def get_data(self, as_text=False):
        return self.body if as_text else self.body.encode("utf-8")


request = Request()
flask = types.ModuleType("flask")
flask.Flask, flask.request, flask.jsonify = Flask, request, lambda value: value
sys.modules["flask"] = flask
os.environ["WEBHOOK_SECRET"] = given["secret"]

# What the receiver prints is not an answer.
with contextlib.redirect_stdout(sys.stderr):
    exec(given["code"], {"app": Flask(), "request": request, "os": os, "SECRET": given["secret"], "__name__": "receiver"})
    statuses = []
    for each in given["requests"]:
        request.receive(each["headers"], each["body"])
        statuses.append(handlers[0]()[1])

json.dump(statuses, sys.stdout)
