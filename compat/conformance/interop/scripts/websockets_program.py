"""A client or a server on websockets: program client|server CA CERT KEY"""

import asyncio
import http
import json
import ssl
import sys
from urllib.parse import parse_qs, urlsplit

import websockets

from play import SUBPROTOCOL, Conn, clients, write

role, ca_file, cert_file, key_file = sys.argv[1:]


def extensions(ws):
    return ", ".join(e.name for e in ws.extensions)


def split(data, parts):
    size = len(data) // parts + 1
    return [data[i * size : (i + 1) * size] for i in range(parts)]


class Websockets(Conn):
    async def send(self, binary, raw, step):
        data = raw if binary else raw.decode()
        if step.get("parts", 1) < 2:
            await self.ws.send(data)
        else:
            await self.ws.send(self.pieces(split(data, step["parts"]), step.get("ping")))

    async def pieces(self, parts, ping):
        yield parts[0]
        if ping:
            waiter = await self.ws.ping(ping)
            waiter.add_done_callback(lambda _: self.pong(ping))
        for part in parts[1:]:
            yield part

    async def ping(self, data):
        await (await self.ws.ping(data))
        self.pong(data)

    async def close(self, code, reason):
        await self.ws.close(code, reason)

    async def read(self):
        try:
            data = await self.ws.recv()
        except websockets.ConnectionClosed:
            self.end(self.ws.close_code, self.ws.close_reason)
            return
        if isinstance(data, str):
            self.message(False, data.encode())
        else:
            self.message(True, data)


async def dial(script):
    secure = script["url"].startswith("wss:")
    try:
        ws = await websockets.connect(
            script["url"],
            subprotocols=script["protocols"],
            compression="deflate" if script.get("compress") else None,
            max_size=script.get("limit"),
            origin=script.get("origin"),
            ssl=ssl.create_default_context(cafile=ca_file) if secure else None,
            ping_interval=None,
        )
    except websockets.InvalidStatusCode as err:
        return [{"event": "refused", "status": err.status_code}]
    return await Websockets(ws, ws.subprotocol, extensions(ws)).play(script["steps"])


def script_of(path):
    return json.loads(parse_qs(urlsplit(path).query)["script"][0])


async def same_origin(path, headers):
    origin = headers.get("Origin")
    if origin and urlsplit(origin).netloc != headers["Host"]:
        events = [{"event": "refused", "detail": "origin " + origin}]
        write({"report": {"id": script_of(path)["id"], "server": True, "events": events}})
        return http.HTTPStatus.FORBIDDEN, [], b""
    return None


async def accept(ws):
    script = script_of(ws.path)
    ws.max_size = script.get("limit")
    conn = Websockets(ws, ws.subprotocol, extensions(ws), ws.request_headers.get("Origin", ""))
    events = await conn.play(script["steps"])
    write({"report": {"id": script["id"], "server": True, "events": events}})


async def listen(context):
    server = await websockets.serve(
        accept,
        "127.0.0.1",
        0,
        subprotocols=[SUBPROTOCOL],
        process_request=same_origin,
        ssl=context,
        ping_interval=None,
    )
    return server.sockets[0].getsockname()[1]


async def main():
    hello = {}
    if role == "server":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert_file, key_file)
        hello = {"plain": await listen(None), "tls": await listen(context)}
    write({"hello": hello})
    await clients(dial)


asyncio.run(main())
