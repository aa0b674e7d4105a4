"""A client on websocket-client, which is python3-websocket in Debian: program
client CA CERT KEY"""

import asyncio
import struct
import sys

import websocket
from websocket import ABNF

from play import Conn, clients, write

role, ca_file, cert_file, key_file = sys.argv[1:]


class WebSocketClient(Conn):
    """The library knows no asyncio: the coroutines block."""

    async def send(self, binary, raw, step):
        opcode = ABNF.OPCODE_BINARY if binary else ABNF.OPCODE_TEXT
        parts = step.get("parts", 1)
        size = len(raw) // parts + 1
        for i in range(parts):
            piece = raw[i * size : (i + 1) * size]
            kind = opcode if i == 0 else ABNF.OPCODE_CONT
            self.ws.send_frame(ABNF(1 if i == parts - 1 else 0, 0, 0, 0, kind, 1, piece))
            if i == 0 and step.get("ping"):
                self.ws.ping(step["ping"])

    async def ping(self, data):
        self.ws.ping(data)

    async def close(self, code, reason):
        self.ws.close(code, reason.encode())
        self.over = True  # it has discarded the answer

    async def read(self):
        opcode, frame = self.ws.recv_data_frame(control_frame=True)
        data = frame.data
        if opcode in (ABNF.OPCODE_TEXT, ABNF.OPCODE_BINARY):
            self.message(opcode == ABNF.OPCODE_BINARY, bytes(data))
        elif opcode == ABNF.OPCODE_PING:
            self.add("ping", data=data.decode())
        elif opcode == ABNF.OPCODE_PONG:
            self.pong(data.decode())
        elif opcode == ABNF.OPCODE_CLOSE:
            self.end(struct.unpack("!H", data[:2])[0], data[2:].decode())


async def dial(script):
    try:
        ws = websocket.create_connection(
            script["url"],
            subprotocols=script["protocols"],
            origin=script.get("origin"),
            suppress_origin="origin" not in script,
            sslopt={"ca_certs": ca_file},
        )
    except websocket.WebSocketBadStatusException as err:
        return [{"event": "refused", "status": err.status_code}]
    accepted = ws.getheaders().get("sec-websocket-extensions", "")
    events = await WebSocketClient(ws, ws.getsubprotocol(), accepted).play(script["steps"])
    ws.shutdown()
    return events


write({"hello": {}})
asyncio.run(clients(dial))
