import { QvmError } from '@qvm/core';
import type { AccessWidth } from '@qvm/core/vdev';

/** The place of an access: a guest-physical address, or an I/O port. */
export interface ScriptPlace {
  readonly space: 'memory' | 'io';
  readonly address: number;
  readonly width: AccessWidth;
}

/** One line of a script. */
export type ScriptInstruction =
  | { readonly kind: 'print'; readonly text: string }
  | { readonly kind: 'show'; readonly place: ScriptPlace }
  | { readonly kind: 'write' | 'expect'; readonly place: ScriptPlace; readonly value: number }
  /** Waits for `nanoseconds` of virtual time. */
  | { readonly kind: 'wait'; readonly nanoseconds: number }
  /** Waits until an interrupt input is high. */
  | { readonly kind: 'interrupt'; readonly number: number }
  | { readonly kind: 'exit'; readonly exitCode: number }
  | { readonly kind: 'echo' | 'spin' | 'sleep' | 'poweroff' | 'reset' | 'break' | 'nothing' };

/** The first line of every script, which identifies an image as a script. */
export const SCRIPT_HEADER = 'script\n';

/** Highest guest-physical address: 52 bits. */
const LAST_ADDRESS = 2 ** 52 - 1;
const LAST_PORT = 0xffff;
/** Marks the number of an I/O port. */
const PORT_PREFIX = 'io:';
/** Highest number of an interrupt input of a GIC. */
const LAST_INTERRUPT = 1019;
/** Longest wait in nanoseconds; virtual times are exact up to here. */
const LONGEST_WAIT = Number.MAX_SAFE_INTEGER;
const LAST_EXIT_CODE = 255;
const LARGEST_SCRIPT = 2 ** 20;

/**
 * Parses a script: the header, then an instruction in each line.
 *
 * @throws QvmError `testing.script` with the invalid line.
 */
export function readScript(name: string, bytes: Uint8Array): readonly ScriptInstruction[] {
  if (bytes.length > LARGEST_SCRIPT) throw scriptError(`"${name}" is larger than ${LARGEST_SCRIPT} bytes`);
  const text = new TextDecoder().decode(bytes);
  if (!text.startsWith(SCRIPT_HEADER)) throw scriptError(`"${name}" is no script`);
  const lines = text.slice(SCRIPT_HEADER.length).split('\n');
  return lines.map((line, index) => {
    try {
      return readInstruction(line);
    } catch (error) {
      if (!(error instanceof QvmError)) throw error;
      throw scriptError(`line ${index + 1} of "${name}": ${error.message}`);
    }
  });
}

/** The error for an invalid script, or for a failure of a scripted guest. */
export function scriptError(message: string): QvmError {
  return new QvmError('testing.script', message);
}

function readInstruction(line: string): ScriptInstruction {
  const [kind = '', ...words] = line.split(' ');
  switch (kind) {
    case '':
    case '#':
      return { kind: 'nothing' };
    case 'print':
      return { kind, text: words.join(' ') };
    case 'echo':
    case 'spin':
    case 'sleep':
    case 'poweroff':
    case 'reset':
    case 'break':
      requireCount(kind, words, 0, 0);
      return { kind };
    case 'exit':
      requireCount(kind, words, 1, 1);
      return { kind, exitCode: readNumber('exit code', words[0], LAST_EXIT_CODE) };
    case 'wait':
      requireCount(kind, words, 1, 1);
      return { kind, nanoseconds: readNumber('time', words[0], LONGEST_WAIT) };
    case 'interrupt':
      requireCount(kind, words, 1, 1);
      return { kind, number: readNumber('interrupt', words[0], LAST_INTERRUPT) };
    case 'show':
      requireCount(kind, words, 1, 2);
      return { kind, place: readPlace(words[0], words[1]) };
    case 'write':
    case 'expect': {
      requireCount(kind, words, 2, 3);
      const place = readPlace(words[0], words[2]);
      return { kind, place, value: readNumber('value', words[1], 2 ** (8 * place.width) - 1) };
    }
    default:
      throw scriptError(`there is no instruction "${kind}"`);
  }
}

function requireCount(kind: string, words: readonly string[], least: number, most: number): void {
  if (words.length >= least && words.length <= most) return;
  throw scriptError(`"${kind}" takes ${least === most ? least : `${least} to ${most}`} words, not ${words.length}`);
}

function readPlace(location = '', width: string | undefined): ScriptPlace {
  if (location.startsWith(PORT_PREFIX)) {
    const address = readNumber('port', location.slice(PORT_PREFIX.length), LAST_PORT);
    return { space: 'io', address, width: readWidth(width ?? '1') };
  }
  return { space: 'memory', address: readNumber('address', location, LAST_ADDRESS), width: readWidth(width ?? '4') };
}

function readWidth(text: string): AccessWidth {
  const width = Number(text);
  if (width !== 1 && width !== 2 && width !== 4) throw scriptError(`the width "${text}" is not 1, 2 or 4`);
  return width;
}

function readNumber(what: string, text: string | undefined, max: number): number {
  const value = /^(?:\d+|0x[0-9a-f]+)$/i.test(text ?? '') ? Number(text) : NaN;
  if (!Number.isSafeInteger(value) || value > max) {
    throw scriptError(`the ${what} "${text}" is not a whole number from 0 to 0x${max.toString(16)}`);
  }
  return value;
}
