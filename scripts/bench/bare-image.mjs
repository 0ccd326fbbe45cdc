/** Bytes of the arm64 Image header (Linux, Documentation/arm64/booting.rst). */
const HEADER_BYTES = 64;
const TEXT_OFFSET = 0x80000;
/** Little-endian, 4 KiB pages, anywhere in memory. */
const FLAGS = 0b1010n;
const MAGIC = 0x644d5241;

/** What the guest prints first. */
export const BARE_MARKER = '!';

const CODE = [
  0xd2a12001, // movz x1, #0x900, lsl #16    PL011
  0x52806020, // movz w0, #0x301             enable, transmit
  0xb9003020, // str  w0, [x1, #0x30]        UARTCR
  0x52800420, // movz w0, #'!'
  0xb9000020, // str  w0, [x1]               UARTDR
  0x52800100, // movz w0, #8
  0x72b08000, // movk w0, #0x8400, lsl #16   PSCI SYSTEM_OFF
  0xd4000002, // hvc  #0
  0x14000000, // b    .
];

/** A kernel of nine instructions: prints one character and powers off. */
export function bareImage() {
  const bytes = Buffer.alloc(HEADER_BYTES + CODE.length * 4);
  bytes.writeUInt32LE(0x14000000 | (HEADER_BYTES / 4), 0); // b to the code
  bytes.writeBigUInt64LE(BigInt(TEXT_OFFSET), 8);
  bytes.writeBigUInt64LE(BigInt(bytes.length), 16);
  bytes.writeBigUInt64LE(FLAGS, 24);
  bytes.writeUInt32LE(MAGIC, 56);
  CODE.forEach((word, index) => bytes.writeUInt32LE(word, HEADER_BYTES + index * 4));
  return bytes;
}
