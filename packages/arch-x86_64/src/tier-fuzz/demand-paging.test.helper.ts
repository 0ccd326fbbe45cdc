import { CODE } from '../machine-tests/machine-harness.test.helper.js';
import { DATA_PAGES, PAGE, PLAIN_PAGES } from './random-instruction.test.helper.js';

/** Page tables of the first and of the second 2 MiB, one after the other: code and data. */
export const [CODE_TABLE, DATA_TABLE] = [0x7_7000, 0x7_8000];
/** Pages of code that are taken away: not those of the stack. */
const CODE_PAGES = 8;
const CODE_ENTRY = CODE_TABLE + (CODE / PAGE) * 8;
const MAPPED_BYTES = 0x40_0000;

const byte = (value: number): string => value.toString(16).padStart(2, '0');
const address = (value: number): string => [0, 8, 16, 24].map((shift) => byte((value >>> shift) & 255)).join(' ');

/** A comparison, and a short jump over what follows. */
const unless = (compare: string, jump: number, rest: string): string =>
  `${compare} ${byte(jump)} ${byte(rest.split(' ').length)} ${rest}`;

const [JZ, JNZ, JAE] = [0x74, 0x75, 0x73];

/**
 * A handler of page faults in 64-bit code that maps a page that an interrupt has taken away, and tries the instruction again;
 * other faults go on with `otherwise`.
 */
export function mapOnDemand(otherwise: string): string {
  const back = '59 58 48 83 c4 08 48 cf'; // pop rcx; pop rax; add rsp, 8; iretq
  const present = unless('f6 01 01', JNZ, `80 09 01 ${back}`); // test byte [rcx], 1; or byte [rcx], 1
  const mapped = unless('48 83 39 00', JZ, present); // cmp qword [rcx], 0
  // cmp rax, bytes; shr rax, 12; lea rcx, [rax * 8 + table]
  const inTables = unless(
    `48 3d ${address(MAPPED_BYTES)}`,
    JAE,
    `48 c1 e8 0c 48 8d 0c c5 ${address(CODE_TABLE)} ${mapped}`,
  );
  return `50 51 0f 20 d0 ${inTables} 59 58 ${otherwise}`;
}

/** and byte [table + rcx * 8 - 8], ~1 for each page. */
const takeAway = (entry: number, pages: number): string =>
  `b9 ${address(pages)} 80 24 cd ${address(entry - 8)} fe e2 f6`;

/** Takes pages of data and of code away: push rcx; …; mov rax, cr3; mov cr3, rax; pop rcx. Changes RAX and flags. */
export const unmapPages: string = [
  '51',
  takeAway(DATA_TABLE, PLAIN_PAGES),
  takeAway(DATA_TABLE + (DATA_PAGES - 1) * 8, 1),
  takeAway(CODE_ENTRY, CODE_PAGES),
  '0f 20 d8 0f 22 d8 59',
].join(' ');
