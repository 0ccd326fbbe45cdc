// Runs a Linux guest in v86, with its serial port on stdin and stdout: node v86-guest.mjs FOLDER FILE. FOLDER is the package v86; FILE has
// the guest as JSON: kernel, initramfs, commandLine, ramMib, bios.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const MIB = 2 ** 20;
const VIDEO_MIB = 8;
const NEWLINE = 0x0a;
/** The last line of Linux. */
const POWERED_OFF = 'reboot: Power down';

const [folder, file] = process.argv.slice(2);
const { kernel, initramfs, commandLine, ramMib, bios } = JSON.parse(readFileSync(file, 'utf8'));
const { V86 } = await import(pathToFileURL(join(folder, 'build', 'libv86.mjs')));
const bytesOf = (path) => {
  const bytes = readFileSync(path);
  return { buffer: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) };
};

const emulator = new V86({
  wasm_path: join(folder, 'build', 'v86.wasm'),
  bios: bytesOf(bios),
  bzimage: bytesOf(kernel),
  initrd: bytesOf(initramfs),
  cmdline: commandLine,
  memory_size: ramMib * MIB,
  vga_memory_size: VIDEO_MIB * MIB,
  acpi: true,
  autostart: true,
  disable_speaker: true,
});

let line = '';
emulator.add_listener('serial0-output-byte', (byte) => {
  process.stdout.write(Buffer.of(byte));
  line = byte === NEWLINE ? '' : line + String.fromCharCode(byte);
  // v86 has no S5 state: a guest that powers off waits for it for ever.
  if (line.endsWith(POWERED_OFF)) process.stdout.write('\n', () => process.exit(0));
});
process.stdin.on('data', (data) => emulator.serial0_send(data.toString('latin1')));
