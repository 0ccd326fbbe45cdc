import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assemble } from '@qvm/asm-x86_64';
import { fetchGuest } from '@qvm/guests';
import { LinuxGuest } from './linux-guest.test.helper.js';

/* 32-bit programs under Debian's amd64 kernel, beside 64-bit ones. */

const LIMIT_MS = 20 * 60_000;
const SECTOR = 512;
const TESTDATA = new URL('../../guests/testdata/', import.meta.url);
const expected = (name: string): string => readFileSync(new URL(name, TESTDATA), 'utf8').trimEnd();

const ORIGIN = 0x804_8000;
/**
 * A static ELF32 program. It makes system calls by INT 80h, by the kernel's function for system calls, whose address is in
 * the auxiliary vector (AT_SYSINFO), and by SYSCALL from 64-bit code, which it reaches through the selector that Linux has
 * for it.
 */
const PROGRAM = `
    .code32
image:
    .byte 0x7f
    .ascii "ELF"
    .byte 1, 1, 1, 0
    .quad 0
    .short 2, 3
    .long 1, start, header - image, 0, 0
    .short 52, 32, 1, 0, 0, 0
header:
    .long 1, 0, image, image, end - image, end - image, 7, 0x1000
start:
    mov esi, esp
    mov eax, 4                      // write
    mov ebx, 1
    mov ecx, text_int
    mov edx, text_int_end - text_int
    int 0x80
    mov eax, [esi]                  // argc
    lea esi, [esi + eax * 4 + 8]
1:  add esi, 4                      // the environment
    cmp dword ptr [esi - 4], 0
    jne 1b
2:  mov eax, [esi]                  // pairs of type and value
    test eax, eax
    je failed
    add esi, 8
    cmp eax, 32                     // AT_SYSINFO
    jne 2b
    mov edi, [esi - 4]
    mov ecx, 16
3:  cmp word ptr [edi + ecx], 0x340f // SYSENTER
    je 4f
    dec ecx
    jns 3b
    jmp failed
4:  mov eax, 4
    mov ecx, text_sysenter
    mov edx, text_sysenter_end - text_sysenter
    call edi
    cmp eax, text_sysenter_end - text_sysenter
    jne failed
    jmp 0x33:wide
    .code64
wide:
    mov eax, 1                      // write
    mov edi, 1
    mov esi, text_syscall
    mov edx, text_syscall_end - text_syscall
    syscall
    push 0x23
    push narrow
    retfq
    .code32
narrow:
    mov eax, 1                      // exit
    xor ebx, ebx
    int 0x80
failed:
    mov eax, 1
    mov ebx, 1
    int 0x80
text_int:
    .ascii "INT 80h\\n"
text_int_end:
text_sysenter:
    .ascii "SYSENTER\\n"
text_sysenter_end:
text_syscall:
    .ascii "SYSCALL\\n"
text_syscall_end:
end:
`;

/** Whole sectors. */
function disk(bytes: Uint8Array): Uint8Array {
  const padded = new Uint8Array(Math.ceil(bytes.length / SECTOR) * SECTOR);
  padded.set(bytes);
  return padded;
}

describe('a PC with Debian for amd64', () => {
  let folder: string;
  let guest: LinuxGuest;
  const { bytes: program } = assemble(PROGRAM, { origin: ORIGIN, bits: 32 });

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'qvm-compatibility-'));
    const { files } = await fetchGuest('debian-i386');
    writeFileSync(join(folder, 'program'), disk(program));
    writeFileSync(join(folder, 'root'), disk(readFileSync(files['initramfs.cpio.gz'] ?? '')));
    guest = await LinuxGuest.boot({
      guest: 'debian-amd64',
      ram: 2 ** 29,
      words: 'mitigations=off',
      initrd: 'initramfs.cpio.gz',
      vdevs: ['program', 'root'].map((name) => ({
        type: 'virtio-blk',
        options: { file: join(folder, name), readonly: true },
      })),
    });
  }, LIMIT_MS);
  afterAll(async () => {
    await guest.stop();
    rmSync(folder, { recursive: true });
  });

  it(
    'computes what every correct machine computes',
    async () => {
      expect(await guest.run('selftest-cpu')).toBe(expected('selftest-cpu.expected'));
    },
    LIMIT_MS,
  );

  it(
    'makes system calls of 32-bit programs by INT 80h and SYSENTER, and has selectors for code of both sizes',
    async () => {
      await guest.run(`head -c ${program.length} /dev/vda >/program; chmod +x /program`);
      expect(await guest.run('/program')).toBe('INT 80h\nSYSENTER\nSYSCALL');
    },
    LIMIT_MS,
  );

  it(
    'computes in the programs of Debian for i386 what a 32-bit machine computes',
    async () => {
      await guest.run('mkdir /i386; cd /i386; gzip -dc </dev/vdb 2>/dev/null | cpio -id 2>/dev/null; cd /');
      await guest.run('mount -t proc none /i386/proc; mount -t devtmpfs none /i386/dev');
      // EI_CLASS of an ELF file: 32 bits.
      expect(await guest.run('od -An -tu1 -j4 -N1 /i386/bin/busybox')).toMatch(/^ +1$/);
      expect(await guest.run('chroot /i386 /bin/selftest-cpu')).toBe(expected('selftest-cpu-i386.expected'));
    },
    LIMIT_MS,
  );
});
