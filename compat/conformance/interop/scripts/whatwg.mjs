// A client on the API of browsers.

import { Log, play } from './play.mjs';

const decoder = new TextDecoder();

// dial plays a script on the connection that open returns. A ping, which
// browsers do not have, is made by the function for it; prepare may add events
// to the log.
export async function dial(script, open, ping, prepare) {
  const log = new Log();
  const ws = open(script);
  let opened = false;
  ws.binaryType = 'arraybuffer';
  prepare?.(ws, log);
  const ready = new Promise((resolve) => {
    ws.onopen = () => {
      opened = true;
      log.add({ event: 'open', protocol: ws.protocol, extensions: ws.extensions });
      resolve();
    };
    ws.onclose = (e) => {
      if (opened) log.add({ event: 'close', code: e.code, reason: e.reason });
      else log.add({ event: 'refused', detail: `close ${e.code} ${e.reason}` });
      log.end();
      resolve();
    };
  });
  ws.onmessage = (e) => {
    if (typeof e.data === 'string') log.message(false, new TextEncoder().encode(e.data));
    else log.message(true, new Uint8Array(e.data));
  };
  await ready;
  const conn = {
    send: (binary, bytes) => ws.send(binary ? bytes : decoder.decode(bytes)),
    ping: (data) => ping(ws, data),
    close: (code, reason) => ws.close(code, reason),
  };
  return play(conn, log, script.steps);
}

// run is what a page is asked for: it plays a script with the browser's
// WebSocket.
export async function run(script) {
  return dial(script, (s) => new WebSocket(s.url, s.protocols));
}
