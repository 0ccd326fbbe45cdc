import type { OptionDeclarations } from '@qvm/core/options';
import { parseSize } from '@qvm/core/options';
import type { RegionDraft } from '../draft.js';
import type { Located } from '../location.js';
import { CpuContext } from './cpu-context.js';
import type { Token } from './lexer.js';
import type { LineDraft } from './line-draft.js';
import { type LineContext, type LineReader, splitToken } from './line-reader.js';
import { PassContext } from './pass-context.js';
import { ReserveContext } from './reserve-context.js';
import { VdevContext } from './vdev-context.js';

/** The file being parsed, from the view of its words. */
export interface OpenFile {
  readonly draft: LineDraft;
  readonly reader: LineReader;
  /** Makes a context the one that interprets words first. */
  open<C extends LineContext>(context: C): C;
  /** The options of a vdev type; `undefined` if they are not known. */
  optionsOf(type: string): OptionDeclarations | undefined;
}

type Handler = (file: OpenFile, word: Token) => void;

/** The words that are allowed anywhere. The open context's meaning of a word has precedence. */
export const LINE_WORDS: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ['system', system],
  ['arch', field('arch')],
  ['board', field('board')],
  ['cpumodel', field('cpumodel')],
  ['entry', field('entry')],
  ['ram', region('ram')],
  ['rom', region('rom')],
  ['cpu', cpu],
  ['load', load],
  ['guest', blob((file, word) => bootFile(file, word, 'image'))],
  ['initrd', blob((file, word) => bootFile(file, word, 'initrd'))],
  ['fdt', blob((file, word) => bootFile(file, word, 'dtb'))],
  ['data', blob(dataFile)],
  ['acpi', acpi],
  ['cmdline', field('cmdline')],
  ['vdev', vdev],
  ['pass', pass],
  ['reserve', reserve],
  ['logger', logger],
  ['unsupported', pair('unsupported')],
  ['dump', field('dump')],
  ['set', pair('set')],
  ['restart', field('restart')],
  ['dryrun', dryrun],
  ['debug', debug],
]);

/** A word with one argument, for a field that a VM has once. */
function field(name: Parameters<LineDraft['assign']>[0]): Handler {
  return ({ draft, reader }, word) => {
    const value = reader.value(word);
    if (value !== undefined) draft.assign(name, value);
  };
}

function system(file: OpenFile, word: Token): void {
  if (!file.reader.atStart) {
    file.reader.error(word, 'config.order', '"system" must be the first word', 'move it to the beginning');
  }
  field('name')(file, word);
}

/** `[ADDRESS,]LENGTH` */
function region(kind: RegionDraft['kind']): Handler {
  return ({ draft, reader }, word) => {
    const token = reader.argument(word);
    if (token === undefined) return;
    const [first, second, ...rest] = splitToken(token, reader);
    if (rest.length !== 0) reader.error(token, 'config.bad-size', `"${kind}" takes an address and a length`);
    const [base, size] = second === undefined ? [undefined, first] : [first, second];
    // Without a size, the region is invalid.
    draft.addRegion({ kind, at: reader.at(word), ...(rest.length === 0 ? { base, size } : NO_RANGE) });
  };
}

const NO_RANGE = { base: undefined, size: undefined };

function cpu(file: OpenFile, word: Token): void {
  const { draft, reader } = file;
  draft.cpus.push(file.open(new CpuContext(reader.at(word), reader)));
}

function vdev(file: OpenFile, word: Token): void {
  const type = file.reader.value(word);
  if (type === undefined) return;
  const isGlobal = (text: string): boolean => LINE_WORDS.has(text);
  const context = new VdevContext(type, file.optionsOf(type.value), isGlobal, file.reader);
  file.draft.addDevice(file.open(context));
}

function pass(file: OpenFile, word: Token): void {
  const { draft, reader } = file;
  draft.addDevice(file.open(new PassContext(reader.at(word), reader)));
}

function reserve(file: OpenFile): void {
  file.draft.reserves.push(file.open(new ReserveContext(file.reader)));
}

/** The type of the file that the next `load` loads. */
function blob(loadIt: Handler): Handler {
  return (file, word) => {
    const next = file.reader.peek();
    if (next?.text === 'load') {
      file.reader.next();
      return loadIt(file, word);
    }
    file.reader.error(
      word,
      'config.missing-argument',
      `"${word.text}" needs "load" after it`,
      `write ${word.text} load PATH`,
    );
  };
}

/** `[ADDRESS,]PATH`. A path may contain a comma unless a number precedes it. */
function addressAndPath(
  token: Token,
  reader: LineReader,
): { address: Located<string> | undefined; file: Located<string> } {
  const comma = token.text.indexOf(',');
  const head = token.text.slice(0, Math.max(comma, 0));
  if (comma < 0 || !parseSize(head).ok)
    return { address: undefined, file: { value: token.text, at: reader.at(token) } };
  return {
    address: { value: head, at: reader.at(token) },
    file: { value: token.text.slice(comma + 1), at: reader.at(token, comma + 1) },
  };
}

/** The first file is the guest; others are data. */
function load(file: OpenFile, word: Token): void {
  if (file.draft.hasImage) dataFile(file, word);
  else bootFile(file, word, 'image');
}

function bootFile({ draft, reader }: OpenFile, word: Token, name: 'image' | 'initrd' | 'dtb'): void {
  const token = reader.argument(word);
  if (token === undefined) return;
  const { address, file } = addressAndPath(token, reader);
  if (address !== undefined) {
    const message = 'this address changes nothing: the VM places what it boots from by its boot protocol';
    reader.findings.warning(address.at, 'config.ignored', message);
  }
  draft.assign(name, file);
}

function dataFile({ draft, reader }: OpenFile, word: Token): void {
  const token = reader.argument(word);
  if (token !== undefined) draft.addLoad({ at: reader.at(word), ...addressAndPath(token, reader) });
}

function acpi({ reader }: OpenFile, word: Token): void {
  reader.error(
    word,
    'config.not-supported',
    'tables of ACPI cannot be given',
    'qvm makes them for the guests that need them',
  );
  if (reader.peek()?.text !== 'load') return;
  reader.next();
  reader.next();
}

function logger({ draft, reader }: OpenFile, word: Token): void {
  const filters = reader.value(word);
  const destination = filters === undefined ? undefined : reader.value(word);
  if (filters === undefined || destination === undefined) return;
  draft.logger.push({ value: `${filters.value} ${destination.value}`, at: filters.at });
}

function pair(list: 'unsupported' | 'set'): Handler {
  return ({ draft, reader }, word) => {
    const name = reader.value(word);
    const value = name === undefined ? undefined : reader.value(word);
    if (name !== undefined && value !== undefined) draft[list].push({ name, value });
  };
}

function dryrun({ draft, reader }: OpenFile, word: Token): void {
  draft.dryrun = { value: true, at: reader.at(word) };
}

function debug({ reader }: OpenFile, word: Token): void {
  reader.ignored(word, 'messages are chosen by "logger"');
}
