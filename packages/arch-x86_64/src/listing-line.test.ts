import { CodeMode } from '@qvm/isa-x86_64';
import { listingLine } from './listing-line.js';

const memory = new Uint8Array(8192);
memory.set([0x8b, 0x43, 0x08], 16);
memory.set([0x0f, 0x04, 0x90], 32);
// MOV RAX, imm64 with four bytes on the first page.
memory.set([0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8], 4092);

describe('listingLine', () => {
  it.each([
    ['an instruction of 64-bit code', 16, CodeMode.Code64, '8b4308            mov eax,DWORD PTR [rbx+0x8]'],
    ['the same bytes as code of 16 bits', 16, CodeMode.Code16, '8b4308            mov ax,WORD PTR [bp+di+0x8]'],
    ['bytes that are none', 32, CodeMode.Code64, '0f0490000000000000000000000000  (bad)'],
    ['one that continues elsewhere', 4092, CodeMode.Code64, '48b80102          … (continues on the next page)'],
  ])('formats %s', (_, at, mode, line) => {
    expect(listingLine(memory, at, 0x1000n, mode)).toBe(line);
  });
});
