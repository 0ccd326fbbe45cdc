import { show } from '@qvm/core/options';
import type { VdevDraft } from '../draft.js';
import type { Located, SourceLocation } from '../location.js';
import type { OptionSetting } from '../spec.js';
import type { Token } from './lexer.js';
import type { LineContext, LineReader, Part } from './line-reader.js';
import { interruptNumber, memoryLocation } from './places.js';

const FLAGS = /^[-+rwxcemdnst]*$/;

/**
 * A device that is passed through. It becomes a vdev `passthrough` for each range; the first one gets the interrupt.
 * The flags concern the host's page tables and SMMU and have no effect, because the DMA of a passed device is always
 * restricted to the guest's memory.
 */
export class PassContext implements LineContext {
  readonly words = ['loc', 'intr'];
  private readonly ranges: OptionSetting[][] = [];
  private attempted = false;
  private interrupt: { readonly at: SourceLocation; readonly number: Located<string> } | undefined;

  constructor(
    private readonly at: SourceLocation,
    private readonly reader: LineReader,
  ) {}

  /** The vdevs; reports an error if there is no range. */
  finish(): VdevDraft[] {
    if (!this.attempted) {
      this.reader.findings.error(
        this.at,
        'config.missing-address',
        '"pass" passes nothing',
        'add loc ADDRESS,LENGTH,rw',
      );
    }
    return this.ranges.map((range, index) => ({
      at: this.at,
      type: { value: 'passthrough', at: this.at },
      configAt: undefined,
      options: [...range, ...(index === 0 ? this.interruptOptions() : [])],
    }));
  }

  take(word: Token): boolean {
    if (word.text !== 'loc' && word.text !== 'intr') return false;
    const token = this.reader.argument(word);
    if (token === undefined) return true;
    if (word.text === 'loc') this.range(word, token);
    else this.line(word, token);
    return true;
  }

  private interruptOptions(): OptionSetting[] {
    if (this.interrupt === undefined) return [];
    const { at, number } = this.interrupt;
    return [{ name: 'irq', value: number.value, at, valueAt: number.at }];
  }

  private line(word: Token, token: Token): void {
    const number = interruptNumber(token, this.reader);
    if (number === undefined) return;
    if (this.interrupt === undefined) this.interrupt = { at: this.reader.at(word), number };
    else this.reader.error(word, 'config.not-supported', 'a passed device has one interrupt here');
  }

  private range(word: Token, token: Token): void {
    this.attempted = true;
    const equals = token.text.indexOf('=');
    const guest: Token = equals < 0 ? token : { ...token, text: token.text.slice(0, equals) };
    const [base, size, flags, ...rest] = memoryLocation(guest, this.reader, 'passed') ?? [];
    if (base === undefined) return;
    if (size === undefined || rest.length !== 0 || (flags !== undefined && !FLAGS.test(flags.value))) {
      const hint = 'right would be loc 0xff000000,0x1000,rw';
      this.reader.error(token, 'config.bad-location', `${show(token.text)} is no range to pass`, hint);
      return;
    }
    const at = this.reader.at(word);
    const host = equals < 0 ? base : { value: token.text.slice(equals + 1), at: this.reader.at(token, equals + 1) };
    this.ranges.push([
      option('paddr', withoutSpace(host), at),
      option('size', size, at),
      ...(withoutSpace(host).value === base.value ? [] : [option('base', base, at)]),
    ]);
  }
}

const option = (name: string, { value, at: valueAt }: Part, at: SourceLocation): OptionSetting => ({
  name,
  value,
  at,
  valueAt,
});

const withoutSpace = ({ value, at }: Part): Part => ({ value: value.replace(/^mem:/, ''), at });
