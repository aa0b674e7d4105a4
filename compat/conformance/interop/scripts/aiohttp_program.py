"""A client or a server on aiohttp: program client|server CA CERT KEY"""

import asyncio
import json
import ssl
import sys
from urllib.parse import urlsplit

import aiohttp
from aiohttp import WSCloseCode, WSMsgType, web

from play import SUBPROTOCOL, Conn, clients, write

role, ca_file, cert_file, key_file = sys.argv[1:]


def pings(script):
    """Pongs are told of only where pings have to be answered by hand, so that is
    done where the script has a ping of its own."""
    return any(s["do"] == "ping" for s in script["steps"] or [])


def limit(script):
    """What aiohttp calls the limit is the smallest size that it refuses."""
    return script["limit"] + 1 if "limit" in script else 0


def extensions(ws):
    return "permessage-deflate" if ws.compress else ""


class Aiohttp(Conn):
    async def send(self, binary, raw, step):
        if binary:
            await self.ws.send_bytes(raw)
        else:
            await self.ws.send_str(raw.decode())

    async def ping(self, data):
        await self.ws.ping(data.encode())

    async def close(self, code, reason):
        await self.ws.close(code=code, message=reason.encode())
        self.end(self.ws.close_code, "")

    async def read(self):
        msg = await self.ws.receive()
        if msg.type == WSMsgType.TEXT:
            self.message(False, msg.data.encode())
        elif msg.type == WSMsgType.BINARY:
            self.message(True, msg.data)
        elif msg.type == WSMsgType.PING:
            await self.ws.pong(msg.data)
            self.add("ping", data=bytes(msg.data).decode())
        elif msg.type == WSMsgType.PONG:
            self.pong(bytes(msg.data).decode())
        elif msg.type == WSMsgType.CLOSE:
            self.end(msg.data, msg.extra)
        elif msg.type == WSMsgType.ERROR and getattr(msg.data, "code", 0) == WSCloseCode.MESSAGE_TOO_BIG:
            self.add("limit")
            self.over = True
        else:
            self.add("error", detail=repr(msg))
            self.over = True


async def dial(script):
    tls = ssl.create_default_context(cafile=ca_file)
    async with aiohttp.ClientSession() as session:
        try:
            ws = await session.ws_connect(
                script["url"],
                protocols=script["protocols"],
                compress=15 if script.get("compress") else 0,
                max_msg_size=limit(script),
                origin=script.get("origin"),
                ssl=tls,
                autoping=not pings(script),
            )
        except aiohttp.WSServerHandshakeError as err:
            return [{"event": "refused", "status": err.status}]
        return await Aiohttp(ws, ws.protocol, extensions(ws)).play(script["steps"])


async def accept(request):
    script = json.loads(request.query["script"])

    def report(events):
        write({"report": {"id": script["id"], "server": True, "events": events}})

    origin = request.headers.get("Origin", "")
    if origin and urlsplit(origin).netloc != request.headers["Host"]:
        report([{"event": "refused", "detail": "origin " + origin}])
        return web.Response(status=403)
    ws = web.WebSocketResponse(
        protocols=[SUBPROTOCOL],
        compress=script.get("compress", False),
        max_msg_size=limit(script),
        autoping=not pings(script),
    )
    await ws.prepare(request)
    report(await Aiohttp(ws, ws.ws_protocol, extensions(ws), origin).play(script["steps"]))
    return ws


async def listen(runner, context):
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    return site._server.sockets[0].getsockname()[1]


async def main():
    hello = {}
    if role == "server":
        app = web.Application()
        app.router.add_get("/ws", accept)
        runner = web.AppRunner(app)
        await runner.setup()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert_file, key_file)
        hello = {"plain": await listen(runner, None), "tls": await listen(runner, context)}
    write({"hello": hello})
    await clients(dial)


asyncio.run(main())
