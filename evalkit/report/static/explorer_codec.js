"use strict";
/* What explorer_codec.py wrote, back to values: base 91 to bytes, inflated by the browser, codes to words, JSON. */
function explorerCodec() {
  const ALPHABET = Array.from({ length: 94 }, (_, i) => i + 33).filter((code) => !"<>&".includes(String.fromCharCode(code)));
  const VALUES = new Uint8Array(128);
  ALPHABET.forEach((code, value) => (VALUES[code] = value));
  const FREE = [...Array(32).keys(), 0xc0, 0xc1, ...Array.from({ length: 11 }, (_, i) => i + 0xf5)];
  const SINGLE = 15;
  const ROLE = new Int16Array(256).fill(-1);
  FREE.forEach((byte, position) => (ROLE[byte] = position));
  const encoder = new TextEncoder();
  let spelled = [];

  function bytesOf(text) {
    const filling = VALUES[text.charCodeAt(0)];
    const bytes = new Uint8Array(Math.floor(((text.length - 1) / 2) * 13 / 8) - filling);
    let at = 0, held = 0, n = 0;
    for (let i = 1; i < text.length; i += 2) {
      held |= (VALUES[text.charCodeAt(i)] + 91 * VALUES[text.charCodeAt(i + 1)]) << n;
      for (n += 13; n >= 8; n -= 8) {
        bytes[at++] = held & 255;
        held >>>= 8;
      }
    }
    return bytes;
  }

  async function inflated(bytes) {
    const stream = new DecompressionStream("deflate");
    const writer = stream.writable.getWriter();
    writer.write(bytes).catch(() => {});
    writer.close().catch(() => {});
    const reader = stream.readable.getReader();
    const parts = [];
    let size = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      size += value.length;
    }
    const whole = new Uint8Array(size);
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  function expanded(bytes) {
    if (!spelled.length) return bytes;
    let out = new Uint8Array(bytes.length * 3), at = 0;
    for (let i = 0; i < bytes.length; i++) {
      const role = ROLE[bytes[i]];
      if (at + 64 > out.length) out = grown(out);
      if (role < 0) {
        out[at++] = bytes[i];
        continue;
      }
      const word = spelled[role < SINGLE ? role : SINGLE + (role - SINGLE) * 256 + bytes[++i]];
      while (at + word.length > out.length) out = grown(out);
      out.set(word, at);
      at += word.length;
    }
    return out.subarray(0, at);
  }

  function grown(bytes) {
    const larger = new Uint8Array(bytes.length * 2 + 64);
    larger.set(bytes);
    return larger;
  }

  return {
    teach(list) {
      spelled = list.map((word) => encoder.encode(word));
    },
    async read(text) {
      const bytes = expanded(await inflated(bytesOf(text)));
      return JSON.parse(new TextDecoder().decode(bytes));
    },
  };
}
