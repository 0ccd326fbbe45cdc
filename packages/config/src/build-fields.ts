import { nameHint, pathProblem, resolvePath, show } from '@qvm/core/options';
import type { BuildContext } from './build-context.js';
import type { ConfigCode } from './codes.js';
import type { FindingList } from './finding.js';
import { LINUX_CMDLINE_LENGTH, MAX_CPU_MODEL_LENGTH, MAX_NAME_LENGTH } from './limits.js';
import type { Located } from './location.js';
import { expandVariables } from './paths.js';
import {
  ARCHITECTURES,
  type ArchitectureName,
  BOARD_PATTERN,
  CPU_MODEL_PATTERN,
  ENTRY_PATTERN,
  NAME_PATTERN,
} from './names.js';
import { isOneOf } from './words.js';

/** Readers of single fields, which report problems and then return `undefined`. */
export function readName(name: Located<string>, findings: FindingList): string | undefined {
  const { value, at } = name;
  const isPath = value === '.' || value === '..';
  if (NAME_PATTERN.test(value) && value.length <= MAX_NAME_LENGTH && !isPath) return value;
  const hint = `allowed are 1 to ${MAX_NAME_LENGTH} letters, digits, ".", "_" and "-"${isPath ? ', but not dots alone' : ''}`;
  findings.error(at, 'config.bad-name', `${show(value)} is not a VM name`, hint);
  return undefined;
}

export function readArch(arch: Located<string>, findings: FindingList): ArchitectureName | undefined {
  const known = ARCHITECTURES.find((candidate) => candidate === arch.value);
  if (known !== undefined) return known;
  const message = `there is no architecture ${show(arch.value)}`;
  findings.error(arch.at, 'config.bad-arch', message, nameHint(arch.value, ARCHITECTURES, 'architectures'));
  return undefined;
}

/** Reads a board: a word, or the name of a package. Whether it exists is checked when the VM is built. */
export function readBoard(board: Located<string>, findings: FindingList): string | undefined {
  if (BOARD_PATTERN.test(board.value) && board.value.length <= MAX_NAME_LENGTH) return board.value;
  const message = `${show(board.value)} is not the name of a board`;
  findings.error(board.at, 'config.bad-board', message, 'right would be "virt", or a package such as "@acme/board"');
  return undefined;
}

/** Reads a choice of a processor. Whether its model and features exist is checked when the VM is built. */
export function readCpuModel(model: Located<string>, findings: FindingList): string | undefined {
  if (model.value.length <= MAX_CPU_MODEL_LENGTH && CPU_MODEL_PATTERN.test(model.value)) return model.value;
  const message = `${show(model.value)} is not a processor model`;
  findings.error(model.at, 'config.bad-cpumodel', message, 'right would be "max", or "x86-64-v2,+aes,-pcid"');
  return undefined;
}

/** Reads the name of an entry. Whether the architecture has it is checked when the VM is built. */
export function readEntry(entry: Located<string>, findings: FindingList): string | undefined {
  if (ENTRY_PATTERN.test(entry.value)) return entry.value;
  findings.error(
    entry.at,
    'config.bad-entry',
    `${show(entry.value)} is not the name of an entry`,
    'right would be "pvh"',
  );
  return undefined;
}

export function readPath(path: Located<string>, context: BuildContext): string | undefined {
  const { findings, environment, baseDir } = context;
  const expanded = expandVariables(path.value, environment, path.at, findings);
  if (expanded === undefined) return undefined;
  const problem = pathProblem(expanded);
  if (problem === undefined) return resolvePath(expanded, baseDir);
  findings.error(path.at, 'config.bad-path', problem);
  return undefined;
}

export function readCmdline(cmdline: Located<string>, findings: FindingList): string {
  const { value, at } = cmdline;
  if (/\p{Cc}/u.test(value)) {
    const message = 'the kernel command line holds a control character';
    findings.error(at, 'config.bad-cmdline', message, 'separate words by spaces');
  } else if (value.length > LINUX_CMDLINE_LENGTH) {
    const message = `the kernel command line has ${value.length} characters`;
    findings.warning(at, 'config.cmdline-length', message, `Linux keeps the first ${LINUX_CMDLINE_LENGTH}`);
  }
  return value;
}

/** Reads `dump DIR` or `dump "|COMMAND"`. A command is not a path and is not changed. */
export function readDump(dump: Located<string>, context: BuildContext): string | undefined {
  if (!dump.value.startsWith('|')) return readPath(dump, context);
  if (dump.value.length > 1 && pathProblem(dump.value) === undefined) return dump.value;
  context.findings.error(dump.at, 'config.bad-path', `${show(dump.value)} is not a command`, 'write "|COMMAND"');
  return undefined;
}

export function readInteger(
  key: string,
  number: Located<number>,
  { min, max }: { readonly min: number; readonly max: number },
  findings: FindingList,
): number | undefined {
  const { value, at } = number;
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  const message = `"${key}" cannot be ${value}`;
  findings.error(at, 'config.out-of-range', message, `it must be a whole number from ${min} to ${max}`);
  return undefined;
}

/** Reads one of a list of words. */
export function readWord<W extends string>(
  what: string,
  word: Located<string>,
  words: readonly W[],
  findings: FindingList,
  code: ConfigCode = 'config.bad-setting',
): W | undefined {
  const { value, at } = word;
  if (isOneOf(value, words)) return value;
  findings.error(at, code, `${show(value)} is not a ${what}`, nameHint(value, words, 'there are'));
  return undefined;
}
