// What all programs in JavaScript share: payloads, the log of events, and the
// steps of a script. See script.go for what they mean. Browsers load this too.

const period = 1 << 16;

export function payload(step) {
  const repeated = new TextEncoder().encode((step.data ?? '').repeat(step.repeat ?? 0));
  const noise = new Uint8Array(step.size ?? 0);
  for (let i = 0, x = 1; i < noise.length; i++) {
    x = (x * 48271) % 2147483647;
    noise[i] = i >= period ? noise[i - period] : step.binary ? (x >> 16) & 255 : 32 + ((x >> 16) % 95);
  }
  const p = new Uint8Array(repeated.length + noise.length);
  p.set(repeated);
  p.set(noise, repeated.length);
  return p;
}

export function numbered(i) {
  return new TextEncoder().encode(i + '.'.repeat(i % 100));
}

export class Log {
  #events = [];
  #waiting = [];
  messages = []; // {binary, data} of those received so far
  pongs = 0;
  over = false; // nothing more will be received

  add(event) {
    this.#events.push(event);
    if (event.event === 'pong') this.pongs++;
    this.#wake();
  }

  message(binary, data) {
    this.messages.push({ binary, data });
    this.add({ event: 'message', binary, size: data.byteLength, data });
  }

  end() {
    this.over = true;
    this.#wake();
  }

  #wake() {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  // until returns when there is what the caller waits for, or nothing more
  // can come.
  async until(there) {
    while (!there() && !this.over) await new Promise((resolve) => this.#waiting.push(resolve));
  }

  // events returns what is to be reported, with digests for payloads.
  async events() {
    const events = [];
    for (const e of this.#events) {
      if (e.event !== 'message') {
        events.push(e);
        continue;
      }
      const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', e.data));
      const digest = Array.from(sum, (b) => b.toString(16).padStart(2, '0')).join('');
      events.push({ event: 'message', binary: e.binary, size: e.size, digest });
    }
    return events;
  }
}

// play does the steps on conn, which has the methods send(binary, bytes, step),
// ping(data) and close(code, reason), reads until the end of the connection and
// returns the events of the log.
export async function play(conn, log, steps) {
  let taken = 0;
  try {
    for (const step of steps ?? []) {
      const binary = step.binary ?? false;
      if (log.over) break;
      switch (step.do) {
        case 'send':
          await conn.send(binary, payload(step), step);
          break;
        case 'burst':
          for (let i = 0; i < step.count; i++) conn.send(binary, numbered(i), step);
          break;
        case 'recv':
          taken += step.count;
          await log.until(() => log.messages.length >= taken);
          break;
        case 'echo':
          for (;;) {
            await log.until(() => log.messages.length > taken);
            if (log.over || log.messages.length <= taken) break;
            const m = log.messages[taken++];
            await conn.send(m.binary, m.data, step);
          }
          break;
        case 'ping': {
          const before = log.pongs;
          conn.ping(step.data);
          await log.until(() => log.pongs > before);
          break;
        }
        case 'close':
          conn.close(step.code, step.reason ?? '');
          break;
        default:
          throw new Error(`no such step: ${step.do}`);
      }
    }
  } catch (err) {
    if (!log.over) log.add({ event: 'error', detail: String(err) });
  }
  await log.until(() => false);
  return log.events();
}
