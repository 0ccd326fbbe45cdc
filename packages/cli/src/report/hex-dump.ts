const WIDTH = 16;

/** Formats bytes as lines of address, hexadecimal and text, like `hexdump -C`. */
export function hexDump(bytes: Uint8Array, address: bigint): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += WIDTH)
    text += `${line(bytes.subarray(at, at + WIDTH), address + BigInt(at))}\n`;
  return text;
}

function line(bytes: Uint8Array, address: bigint): string {
  const cells = Array.from({ length: WIDTH }, (_, index) => {
    const byte = bytes[index];
    return byte === undefined ? '  ' : byte.toString(16).padStart(2, '0');
  });
  const text = Array.from(bytes, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
  const halves = `${cells.slice(0, WIDTH / 2).join(' ')}  ${cells.slice(WIDTH / 2).join(' ')}`;
  return `${address.toString(16).padStart(8, '0')}  ${halves}  |${text}|`;
}
