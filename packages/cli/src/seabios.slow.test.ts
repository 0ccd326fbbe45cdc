import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assemble } from '@qvm/asm-x86_64';
import { fetchGuest } from '@qvm/guests';
import { GuestSession } from './guest-session.test.helper.js';

/** Debian's SeaBIOS at the reset vector, on the board pc; its messages come from the debug port. */

const LIMIT_MS = 5 * 60_000;
const SECTOR = 512;
const DISK_BYTES = 0x10_0000;

let folder = '';
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'qvm-seabios-'))));
afterEach(() => rmSync(folder, { recursive: true }));

async function start(words: string): Promise<GuestSession> {
  const { files } = await fetchGuest('seabios');
  const config = join(folder, 'vm.qvmconf');
  const image = files['bios-256k.bin'] ?? '';
  writeFileSync(
    config,
    `system seabios arch x86_64 ram 256M load ${image}\n${words}\nvdev debug-port hostdev stdio\nvdev ser8250 hostdev null\n`,
  );
  return new GuestSession(config);
}

/** Prints the text of the second sector, which it reads by INT 13h, at the debug port; then turns the machine off. */
const BOOT_SECTOR = `
  xor eax, eax
  mov ds, ax
  mov ss, ax
  mov sp, 0x7c00
  mov ah, 0x42
  mov si, 0x7d00
  int 0x13
  jb 0x7c00
  mov si, 0x7e00
  mov dx, 0x402
next:
  lods al, BYTE PTR ds:[si]
  out dx, al
  test al, al
  jne next
  mov dx, 0x604
  mov ax, 0x2000
  out dx, ax
  hlt
`;
/** A packet for function 42h: one sector, to 0:7E00h, from sector 1. */
const PACKET = [16, 0, 1, 0, 0x00, 0x7e, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0];

function makeDisk(path: string): void {
  const disk = new Uint8Array(DISK_BYTES);
  disk.set(assemble(BOOT_SECTOR, { origin: 0x7c00, bits: 16 }).bytes);
  disk.set(PACKET, 0x100);
  disk.set([0x55, 0xaa], SECTOR - 2);
  disk.set(new TextEncoder().encode('the second sector\n'), SECTOR);
  writeFileSync(path, disk);
}

describe('SeaBIOS', () => {
  it(
    'finds memory, processors, ACPI tables and devices, and looks for something to boot',
    async () => {
      const session = await start('cpu cpu vdev virtio-entropy');
      await session.until('No bootable device');
      await session.kill();
      const expected = [
        'Running on QEMU (q35)',
        'QEMU fw_cfg DMA interface supported',
        'qemu/e820: addr 0x0000000000100000 len 0x000000000ff00000 [RAM]',
        'PCIe: using q35 mmconfig at 0xb0000000',
        'Found 2 cpu(s) max supported 2 cpu(s)',
        'Booting from Hard Disk...',
      ];
      expect(session.lines).toEqual(expect.arrayContaining(expected));
      expect(session.output).toMatch(/PCI: init bdf=00:0\d\.0 id=1af4:1044/);
      expect(session.output).toMatch(/ACPI: parse DSDT at 0x[0-9a-f]+ \(len \d+\)/);
    },
    LIMIT_MS,
  );

  it(
    'boots the boot sector of a virtio-blk disk, which reads by INT 13h and powers off',
    async () => {
      const disk = join(folder, 'disk.img');
      makeDisk(disk);
      const session = await start(`vdev virtio-blk hostdev ${disk}`);
      expect(await session.ended()).toBe(0);
      expect(session.lines).toEqual(expect.arrayContaining(['Booting from 0000:7c00', 'the second sector']));
      expect(session.output).toContain('found virtio-blk at 00:01.0');
    },
    LIMIT_MS,
  );
});
