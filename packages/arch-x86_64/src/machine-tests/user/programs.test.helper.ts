import { Flag } from '../../state/control-bits.js';

/**
 * A program of CPL 3 in 64-bit mode that raises exceptions. RDI points to a page of data with zeros, RSI and RBP into it,
 * and R8 to its end, after which nothing is mapped; RSP to the middle of a stack; RCX is 3, the other registers are 0.
 */
export interface UserProgram {
  readonly name: string;
  /** RFLAGS at the start. */
  readonly flags: number;
  /** Hexadecimal text. INT3 follows. */
  readonly code: string;
}

const [STEP, CHECK] = [Flag.TF | Flag.Fixed, Flag.AC | Flag.Fixed];
const ENTER_TF = '9c 48 81 0c 24 00 01 00 00 9d'; // pushfq; or qword [rsp], 0x100; popfq
const LEAVE_TF = '9c 48 81 24 24 ff fe ff ff 9d'; // pushfq; and qword [rsp], ~0x100; popfq
const MOV_SS = '8c d0 8e d0'; // mov eax, ss; mov ss, eax
/** mov eax, ss; push rax; push rsp; pushfq; its change; mov eax, cs; push rax; lea rax, NOPs; push rax; iretq; nop; nop */
const iretWith = (change: string): string => `8c d0 50 54 9c ${change} 8c c8 50 48 8d 05 03 00 00 00 50 48 cf 90 90`;

const program =
  (flags: number) =>
  ([name, code]: readonly [string, string]): UserProgram => ({ name, flags, code });

const stepped: readonly (readonly [string, string])[] = [
  ['NOP', '90 90 90'],
  ['POPF that clears TF', `90 ${LEAVE_TF} 90 90`],
  ['MOV SS', `${MOV_SS} 90 90`],
  ['MOV SS twice', '8c d0 8e d0 8e d0 90 90'],
  ['MOV SS, then POPF that clears TF', `9c 48 81 24 24 ff fe ff ff ${MOV_SS} 9d 90 90`],
  ['MOV DS', '8c d8 8e d8 90 90'],
  ['REP MOVSB', 'f3 a4 90'],
  ['REP MOVSB without a round', '31 c9 f3 a4 90'],
  ['REPNE SCASB that ends early', 'f2 ae 90'],
  ['LOOP', 'e2 fe 90'],
  ['jumps, calls and returns', 'eb 00 e8 03 00 00 00 90 eb 01 c3 90'],
  ['CALL to a register', '48 8d 05 03 00 00 00 ff d0 90 58'],
  ['PUSHF', '9c 58 a8 00 90'],
  ['INT3', 'cc'],
  ['INT1', 'f1 90 f1 90'],
  ['MOV SS, then INT1', `${MOV_SS} f1 90`],
  ['UD2', '90 0f 0b'],
  ['MOV SS, then UD2', `${MOV_SS} 0f 0b`],
  ['a page fault', '90 41 8b 00'],
  ['a page fault in REP STOSB', '49 8d 78 fe f3 aa'],
  ['CLI', '90 fa'],
  ['DIV by 0', '90 f7 f2'],
  ['LOCK XADD and CMPXCHG16B', 'f0 0f c1 07 48 0f c7 0f 90'],
  ['SSE and x87', '0f 57 c0 d9 e8 dd d8 0f ae f0 90'],
  ['IRET that keeps TF', iretWith('')],
];

const entering: readonly (readonly [string, string])[] = [
  ['POPF sets TF', `${ENTER_TF} 90 90`],
  ['POPF sets TF before MOV SS', `${ENTER_TF} ${MOV_SS} 90 90`],
  ['POPF of 16 bits sets TF', '66 9c 66 81 0c 24 00 01 66 9d 90 90'],
  ['POPF sets TF before INT1', `${ENTER_TF} f1 90`],
  ['POPF sets TF before INT3', `${ENTER_TF} cc`],
  ['IRET sets TF', iretWith('48 81 0c 24 00 01 00 00')],
  ['INT1 without TF', 'f1 90 f1'],
  ['PUSH, not canonical', '48 bc 08 00 00 00 00 00 00 80 50'],
  ['POP, not canonical', '48 bc 00 00 00 00 00 00 00 80 58'],
  ['CALL, not canonical', '48 bc 08 00 00 00 00 00 00 80 e8 00 00 00 00'],
  ['an address by RBP, not canonical', '48 bd 08 00 00 00 00 00 00 80 8b 45 00'],
  ['an address by RSP, not canonical', '48 bc 08 00 00 00 00 00 00 80 8b 04 24'],
  ['an address by RAX, not canonical', '48 b8 08 00 00 00 00 00 00 80 8b 00'],
  ['an address by RBP in FS, not canonical', '48 bd 08 00 00 00 00 00 00 80 64 8b 45 00'],
  ['an address by RBP in ES, not canonical', '48 bd 08 00 00 00 00 00 00 80 26 8b 45 00'],
  ['an address with index RBP, not canonical', '48 bd 08 00 00 00 00 00 00 80 8b 04 28'],
  ['PUSH of memory, not canonical', '48 b8 00 00 00 00 00 00 00 80 ff 30'],
  ['PUSH of memory to a stack, not canonical', '48 bc 08 00 00 00 00 00 00 80 ff 37'],
  ['LEAVE, not canonical', '48 bd 08 00 00 00 00 00 00 80 c9'],
  ['RET, not canonical', '48 bc 00 00 00 00 00 00 00 80 c3'],
  ['POPF sets AC', '9c 48 81 0c 24 00 00 04 00 9d 8b 47 01'],
];

const checked: readonly (readonly [string, string])[] = [
  ['a byte', '8a 47 01'],
  ['words', '66 8b 47 02 66 8b 47 01'],
  ['double words', '8b 47 04 8b 47 02'],
  ['quad words', '48 8b 47 08 48 8b 47 04'],
  ['a store', '89 47 01'],
  ['INC in memory', 'ff 47 02'],
  ['LOCK XADD', 'f0 0f c1 47 02'],
  ['CMPXCHG8B', '0f c7 4f 08 0f c7 4f 04'],
  ['CMPXCHG16B', '48 0f c7 4f 08'],
  ['PUSH', '48 83 ec 04 50'],
  ['PUSH of a word', '66 50 66 50 50'],
  ['CALL', '48 83 ec 04 e8 00 00 00 00'],
  ['RET', '48 83 ec 04 c3'],
  ['LEAVE', '48 8d 6d 04 c9'],
  ['MOVSD by REP', '48 ff c6 f3 a5'],
  ['MOVSB by REP', '48 ff c6 f3 a4'],
  ['STOSW', '48 ff c7 66 ab'],
  ['BT with an offset', '0f a3 47 04 0f a3 47 02'],
  ['XLAT', '48 8d 5f 01 d7'],
  ['MOVBE', '0f 38 f0 47 02'],
  ['MOVSS', 'f3 0f 10 47 04 f3 0f 10 47 02'],
  ['MOVSD', 'f2 0f 10 47 08 f2 0f 10 47 04'],
  ['MOVQ', 'f3 0f 7e 47 04'],
  ['MOVHPS', '0f 16 47 04'],
  ['MOVUPS', '0f 10 47 10 0f 10 47 08'],
  ['MOVUPS of an address of bytes', '0f 10 47 01'],
  ['MOVDQU', 'f3 0f 6f 47 08'],
  ['a store by MOVUPS', '0f 11 47 08'],
  ['LDDQU', 'f2 0f f0 47 08'],
  ['MOVAPS', '0f 28 47 10 0f 28 47 08'],
  ['ADDPS', '0f 58 47 08'],
  ['PCMPISTRI', '66 0f 3a 63 47 08 00'],
  ['PMOVZXBW', '66 0f 38 30 47 08 66 0f 38 30 47 04'],
  ['PEXTRD', '66 0f 3a 16 47 04 00 66 0f 3a 16 47 02 00'],
  ['MOVNTI', '0f c3 47 02'],
  ['LDMXCSR', '0f ae 5f 02'],
  ['FXSAVE', '0f ae 47 10 0f ae 47 08'],
  ['FXSAVE, not on 4 bytes', '0f ae 47 02'],
  ['FLD of 4 bytes', 'd9 47 04 d9 47 02'],
  ['FLD of 8 bytes', 'dd 47 08 dd 47 04'],
  ['FLD of 10 bytes', 'db 6f 08 db 6f 04'],
  ['FLD of 10 bytes, not on 4', 'db 6f 02'],
  ['FSTP of 10 bytes', 'd9 e8 db 7f 04'],
  ['FILD of 2 bytes', 'df 47 02 df 47 01'],
  ['FBLD', 'df 67 08 df 67 04'],
  ['FNSTCW', 'd9 7f 02 d9 7f 01'],
  ['FNSTENV', 'd9 77 04 d9 77 02'],
  ['FNSAVE', 'dd 77 04 dd 77 02'],
  ['MOVQ of MMX', '0f 6f 47 08 0f 6f 47 04'],
  ['a page that is not mapped', '41 8b 40 01'],
  ['an access to a page and the next, which is not mapped', '41 8b 40 fe'],
  ['a page that is not mapped, by MOVAPS', '41 0f 28 40 08'],
  ['an address that is not canonical', '48 b8 01 00 00 00 00 00 00 80 8b 00'],
  ['CLFLUSH', '0f ae 7f 01'],
  ['prefetch', '0f 18 47 01'],
  ['SIDT', '0f 01 4f 02'],
];

export const USER_PROGRAMS: readonly UserProgram[] = [
  ...stepped.map(([name, code]) => program(STEP)([`step: ${name}`, code])),
  ...entering.map(program(Flag.Fixed)),
  ...checked.map(([name, code]) => program(CHECK)([`alignment: ${name}`, code])),
];

/** A line for the recorder. */
export const lineOf = ({ flags, code }: UserProgram): string => `${flags.toString(16)} ${code}`;
