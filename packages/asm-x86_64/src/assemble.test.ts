import { encodingsIn } from '@qvm/isa-testing';
import { x86Tables } from '@qvm/isa-x86_64';
import { AssemblyError, assemble, disassemble } from './index.js';
import type { CodeBits } from './index.js';
import { normalise, readRecording } from './recording.test.helper.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const withoutComment = (text: string): string => text.replace(/\s*#.*/, '');

/** Assembles a line; an error as text. */
function attempt(text: string, origin: number, bits: CodeBits): Uint8Array | string {
  try {
    return assemble(text, { origin, bits }).bytes;
  } catch (error) {
    if (error instanceof AssemblyError) return error.message;
    throw error;
  }
}

/** Without what has several encodings: x87 arithmetic of ST(0) and ST(0), shifts by 1, sizes of selectors. */
const canonical = (text: string): string =>
  text
    .replaceAll('st(0)', 'st')
    .replace(/,0x1$/, ',1')
    .replace(/^(rex\.\w+ )?mov ([d-gs]s),.*/, 'mov $2');
const isSame = (x: string, y: string): boolean => canonical(x) === canonical(y);

/** Without prefix 66, which no operand asks for, a number has two bytes more. */
const isShort = (ours: Uint8Array, theirs: Uint8Array): boolean =>
  ours.length <= theirs.length + (theirs.includes(0x66) && !ours.includes(0x66) ? 1 : 0);

const cases = ([64, 32, 16] as const).flatMap((bits) =>
  Object.entries(x86Tables)
    .filter(([, rows]) => encodingsIn(rows, { bits, flat: true }).length > 0)
    .map(([table]) => [bits, table] as const),
);

describe.each(cases)('%d-bit code, %s', (bits, table) => {
  const recorded = readRecording(table, bits);

  it('assembles what it disassembles to the same instruction, at most as long', () => {
    const wrong = recorded.flatMap(({ bytes, pc }) => {
      const text = disassemble(bytes, pc, bits)?.text ?? '';
      const ours = attempt(text, pc, bits);
      if (typeof ours === 'string') return [`${hex(bytes)} ${text}: ${ours}`];
      // A displacement counts from the end of the instruction, which may have become shorter.
      const cut = (one = ''): string => normalise(withoutComment(one)).replace(/\[([re]ip).*?\]/, '[$1]');
      const again = disassemble(ours, pc, bits);
      const right = again?.length === ours.length && isSame(cut(again.text), cut(text)) && isShort(ours, bytes);
      return right ? [] : [`${hex(bytes)} ${text}: ${hex(ours)} ${again?.text}`];
    });
    expect(wrong).toEqual([]);
  });

  it('assembles as GNU as does, or shorter', () => {
    const wrong = recorded.flatMap(({ pc, text, assembled }) => {
      if (assembled === undefined) return [];
      const source = disassemble(assembled, pc, bits)?.text ?? '';
      const ours = attempt(source, pc, bits);
      if (typeof ours === 'string') return [`${text}: ${ours}`];
      if (hex(ours) === hex(assembled)) return [];
      const again = disassemble(ours, pc, bits)?.text ?? '';
      return isSame(again, source) && isShort(ours, assembled) ? [] : [`${text}: ${hex(ours)}, not ${hex(assembled)}`];
    });
    expect(wrong).toEqual([]);
  });
});

describe('assemble', () => {
  // The bytes are those of GNU as for the same sources.
  it.each<[string, string, string]>([
    ['labels', 'start: jmp 1f\nnop\n1: jne start\njmp 1b', 'eb019075fbebfc'],
    ['jumps that are too far for a byte', 'jmp end\n.space 128\nend: je end', `e980000000${'00'.repeat(128)}74fe`],
    ['addresses of labels', 'lea rax, [rip + here]\nhere: .quad here', '488d05000000000710000000000000'],
    ['immediates by size', 'mov eax, 5\nadd rsp, -8\nand ecx, 0xfffffff0', 'b8050000004883c4f883e1f0'],
    ['prefixes', 'rep movsq\nlock inc dword ptr [rdi]\nrepne scasb', 'f348a5f0ff07f2ae'],
    ['other names', 'jz 1f\nsal al, 1\n1: setc al', '7402d0e00f92c0'],
    ['segments', 'mov rax, gs:[0x10]\nmov al, fs:[rbx + rcx*4]', '65488b042510000000648a048b'],
    ['data', '.word 0x1234\n.long 1\n.asciz "a"\n.balign 8\n.byte 1', '3412010000006100' + '01'],
    [
      'operand sizes that no operand tells',
      'push 0x602\n.code32\npush 0x602\njmp 8:0x1000\nje 1f\n.space 128\n1: call 8:0x1000\n.code16\npush 0x602',
      `68020600006802060000ea0010000008000f8480000000${'00'.repeat(128)}9a001000000800680206`,
    ],
    ['code of other sizes', '.code16\nmov ax, [bx+si]\n.code32\nmov ax, [ebx]', '8b00668b03'],
  ])('knows %s', (_, source, bytes) => {
    expect(hex(assemble(source, { origin: 0x1000 }).bytes)).toBe(bytes);
  });

  it.each([
    ['foo eax', '1:1: expected an instruction or a directive'],
    ['mov eax, rbx', '1:5: expected operands that mov has'],
    ['mov [rax], 1', '1:1: expected a size before the operand in memory, such as DWORD PTR'],
    ['jmp nowhere', '1:5: expected a value (nowhere is not defined)'],
    ['x: nop\nx: nop', '2:1: x is defined twice'],
    ['mov ah, r8b', '1:5: expected operands that mov has'],
    ['mov eax, [rax + rbx + rcx]', '1:26: expected no third register'],
    ['lock mov eax, ebx', '1:10: expected operands that mov has'],
  ])('says what is wrong with %j', (source, message) => {
    expect(attempt(source, 0, 64)).toBe(message);
  });
});
