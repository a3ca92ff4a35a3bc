// Files to a zip archive and back; what compresses is the browser's.
const TABLE = Uint32Array.from({length: 256}, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});
const crc32 = bytes => ~bytes.reduce((crc, byte) => TABLE[(crc ^ byte) & 255] ^ (crc >>> 8), -1) >>> 0;

async function through(bytes, stream) {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer());
}

// Fields of 2 (s) or 4 bytes (l), little-endian.
function packed(layout, values) {
  const view = new DataView(new ArrayBuffer([...layout].reduce((size, kind) => size + (kind === "s" ? 2 : 4), 0)));
  let at = 0;
  [...layout].forEach((kind, i) => {
    kind === "s" ? view.setUint16(at, values[i], true) : view.setUint32(at, values[i], true);
    at += kind === "s" ? 2 : 4;
  });
  return new Uint8Array(view.buffer);
}

// A Blob from [name, text, date] of each file.
export async function zip(files) {
  const parts = [], directory = [];
  let offset = 0;
  for (const [path, text, date] of files) {
    const name = new TextEncoder().encode(path), bytes = new TextEncoder().encode(text);
    const small = await through(bytes, new CompressionStream("deflate-raw"));
    const time = (date.getHours() << 11) | (date.getMinutes() << 5) | (date.getSeconds() >> 1);
    const day = ((date.getFullYear() - 1980) << 9) | ((date.getMonth() + 1) << 5) | date.getDate();
    const common = [20, 0x800, 8, time, day, crc32(bytes), small.length, bytes.length, name.length, 0];
    directory.push(packed("lsssssslllsssssll", [0x02014b50, 20, ...common, 0, 0, 0, 0, offset]), name);
    const header = packed("lssssslllss", [0x04034b50, ...common]);
    parts.push(header, name, small);
    offset += header.length + name.length + small.length;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0), count = files.length;
  const end = packed("lsssslls", [0x06054b50, 0, 0, count, count, size, offset, 0]);
  return new Blob([...parts, ...directory, end], {type: "application/zip"});
}

// [name, bytes] of each file in an archive. Throws an Error that says what is wrong.
export async function unzip(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer()), view = new DataView(bytes.buffer), found = [];
  let end = bytes.length - 22;
  while (end >= 0 && view.getUint32(end, true) !== 0x06054b50) end--;
  if (end < 0) throw new Error("this is no zip archive");
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0; left--) {
    const [method, small, length, more, comment] = [[10, 16], [20, 32], [28, 16], [30, 16], [32, 16]].map(
      ([place, bits]) => bits === 16 ? view.getUint16(at + place, true) : view.getUint32(at + place, true));
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + length)), local = view.getUint32(at + 42, true);
    const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    const data = bytes.subarray(start, start + small);
    if (!name.endsWith("/")) {
      if (method !== 0 && method !== 8) throw new Error(`${name} is compressed in a way that is not known here`);
      const plain = method ? await through(data, new DecompressionStream("deflate-raw")) : data;
      found.push([name, plain]);
    }
    at += 46 + length + more + comment;
  }
  return found;
}
