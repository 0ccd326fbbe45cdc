import { optionNamed, optionNames, isBooleanWord, type Option, type OptionDeclarations, show } from '@qvm/core/options';
import { plainType } from '../build-vdev.js';
import type { VdevDraft } from '../draft.js';
import type { Located } from '../location.js';
import type { OptionSetting } from '../spec.js';
import { hostDevice, hostDeviceOption } from './host-device.js';
import type { Token } from './lexer.js';
import type { LineContext, LineReader } from './line-reader.js';
import { interruptNumber, location, pciPlace } from './places.js';

/** Options of QNX' vdevs that have no effect, with their numbers of arguments. */
const QNX_OPTIONS: ReadonlyMap<string, number> = new Map([
  ['batch', 1],
  ['delayed', 1],
  ['dio', 1],
  ['hostvector', 1],
  ['legacy', 0],
  ['legacy-free', 0],
  ['log', 2],
  ['peerfeats', 1],
  ['sched', 1],
  ['threads', 1],
]);

/** Options that may be given several times, for vdevs with unknown options. */
const REPEATABLE: ReadonlySet<string> = new Set(['allow', 'create', 'deny', 'hostdev', 'reg']);

// The notation for options whose name is a word of the language, and for flags that are switched off.
const ASSIGNMENT = /^[A-Za-z][A-Za-z0-9._-]*=/;
const NAME = /^[A-Za-z][A-Za-z0-9._-]*$/;

/** The options of one vdev. */
export class VdevContext implements LineContext {
  readonly words: readonly string[];
  private readonly options: OptionSetting[] = [];
  /** All names of the vdev's options, if they are known. */
  private readonly names: ReadonlySet<string> | undefined;
  private readonly plain: string;

  constructor(
    private readonly type: Located<string>,
    private readonly declarations: OptionDeclarations | undefined,
    private readonly isGlobal: (word: string) => boolean,
    private readonly reader: LineReader,
  ) {
    this.names = declarations === undefined ? undefined : new Set(optionNames(declarations));
    this.plain = plainType(type.value);
    this.words = [...new Set([...(this.names ?? []), 'loc', 'intr', 'hostdev'])];
  }

  get draft(): VdevDraft {
    return { at: this.type.at, type: this.type, configAt: undefined, options: this.options };
  }

  take(word: Token): boolean {
    const assignment = ASSIGNMENT.exec(word.text.slice(0, word.bare));
    if (assignment !== null) return this.assign(word, assignment[0].length);
    const { text } = word;
    if (text === 'loc') this.location(word);
    else if (text === 'intr') this.interrupt(word);
    else if (text === 'hostdev') this.hostDevice(word);
    else if (this.names?.has(text) === true) this.declared(word, this.option(text)?.kind.bare !== undefined);
    else if (QNX_OPTIONS.has(text)) this.foreign(word);
    else if (this.names !== undefined || this.isGlobal(text) || !NAME.test(text)) return false;
    // The vdev's options are not known; nearly all options take an argument.
    else this.declared(word, false);
    return true;
  }

  private option(name: string): Option | undefined {
    return this.declarations && optionNamed(this.declarations, name)?.option;
  }

  private assign(word: Token, length: number): true {
    this.put({
      name: word.text.slice(0, length - 1),
      value: word.text.slice(length),
      at: this.reader.at(word),
      valueAt: this.reader.at(word, length),
    });
    return true;
  }

  private declared(word: Token, isFlag: boolean): void {
    const at = this.reader.at(word);
    const next = this.reader.peek();
    if (isFlag && (next === undefined || !isBooleanWord(next.text))) return this.put({ name: word.text, at });
    const value = this.reader.value(word);
    if (value !== undefined) this.put({ name: word.text, value: value.value, at, valueAt: value.at });
  }

  private foreign(word: Token): void {
    const count = QNX_OPTIONS.get(word.text) ?? 0;
    for (let index = 0; index < count; index++) if (this.reader.argument(word) === undefined) return;
    this.reader.ignored(word, `it belongs to QNX's own ${this.plain}`);
  }

  private location(word: Token): void {
    const token = this.reader.argument(word);
    if (token === undefined) return;
    const isPci = this.names?.has('pci') === true;
    const place = isPci ? pciPlace(token, this.reader) : undefined;
    if (place === null) return;
    if (place !== undefined) {
      return this.put({ name: 'pci', value: place.value, at: this.reader.at(word), valueAt: place.at });
    }
    const found = location(token, this.reader);
    if (found === undefined) return;
    const [first, ...others] = found.parts;
    if (others.length !== 0) {
      const message = `${show(token.text)} has more than an address`;
      this.reader.error(token, 'config.bad-location', message, 'the vdev knows its size');
    }
    const name = found.space === 'io' ? 'ports' : 'base';
    this.put({ name, value: first.value, at: this.reader.at(word), valueAt: first.at });
  }

  private interrupt(word: Token): void {
    const token = this.reader.argument(word);
    const number = token === undefined ? undefined : interruptNumber(token, this.reader);
    if (number !== undefined)
      this.put({ name: 'irq', value: number.value, at: this.reader.at(word), valueAt: number.at });
  }

  private hostDevice(word: Token): void {
    const value = this.reader.value(word);
    if (value === undefined) return;
    const name = hostDeviceOption(this.plain, this.names);
    for (const setting of hostDevice(name, value.value)) {
      this.put({ ...setting, at: this.reader.at(word), ...(setting.value === undefined ? {} : { valueAt: value.at }) });
    }
  }

  /** For an option that can be given once, the last value has effect. */
  private put(setting: OptionSetting): void {
    const repeatable = this.option(setting.name)?.repeatable ?? REPEATABLE.has(setting.name);
    const earlier = repeatable ? -1 : this.options.findIndex(({ name }) => name === setting.name);
    if (earlier < 0) {
      this.options.push(setting);
      return;
    }
    const at = this.options[earlier]?.at ?? this.type.at;
    this.reader.findings.info(at, 'config.repeated-word', `a later ${show(setting.name)} counts in place of this one`);
    this.options[earlier] = setting;
  }
}
