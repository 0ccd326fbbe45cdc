import { show } from '@qvm/core/options';
import type { FindingList } from './finding.js';
import type { SourceLocation } from './location.js';
import type { OptionSetting } from './spec.js';

const NAME = /[A-Za-z][A-Za-z0-9._-]*/y;
const SPACE = /[ \t]*/y;
const PLAIN = /[^,"]*/y;
const DOUBLE_QUOTED = /"((?:[^"\\]|\\[^])*)"/y;
const SINGLE_QUOTED = /'([^']*)'/y;

/**
 * Splits `key=value,key="a,b",flag`. In double quotes, a backslash escapes the next character; in single quotes,
 * nothing is special. Spaces around names and values are dropped. Errors are reported, and the valid part is returned.
 */
export function splitOptions(
  text: string,
  locate: (index: number) => SourceLocation,
  findings: FindingList,
): OptionSetting[] {
  return new OptionSplitter(text, locate, findings).split();
}

class OptionSplitter {
  private position = 0;

  constructor(
    private readonly text: string,
    private readonly locate: (index: number) => SourceLocation,
    private readonly findings: FindingList,
  ) {}

  split(): OptionSetting[] {
    const settings: OptionSetting[] = [];
    this.take(SPACE);
    if (this.position === this.text.length) return settings;
    do {
      const setting = this.setting();
      if (setting !== undefined) settings.push(setting);
    } while (this.comma() && !this.findings.full);
    return settings;
  }

  private setting(): OptionSetting | undefined {
    this.take(SPACE);
    const start = this.position;
    const name = this.take(NAME);
    if (name === undefined || name === '') return this.badName(start);
    this.take(SPACE);
    const at = this.locate(start);
    if (this.text[this.position] !== '=') return { name, at };
    this.position++;
    this.take(SPACE);
    const valueAt = this.locate(this.position);
    const value = this.value();
    return value === undefined ? undefined : { name, value, at, valueAt };
  }

  private value(): string | undefined {
    const start = this.position;
    const quote = this.text[start];
    if (quote !== '"' && quote !== "'") return this.take(PLAIN)?.trimEnd();
    const inside = this.take(quote === '"' ? DOUBLE_QUOTED : SINGLE_QUOTED);
    if (inside !== undefined) return quote === '"' ? inside.replace(/\\([^])/g, '$1') : inside;
    this.position = this.text.length;
    return this.report(start, `a value that begins with ${quote} is not closed`, `add the missing ${quote}`);
  }

  /** Moves past the next comma; false at the end. */
  private comma(): boolean {
    this.take(SPACE);
    const start = this.position;
    const next = this.text.indexOf(',', start);
    const end = next < 0 ? this.text.length : next;
    if (start !== end) {
      const rest = show(this.text.slice(start, end));
      this.report(start, `expected "," before ${rest}`, 'put a value with commas or quotes in quotes as a whole');
    }
    this.position = end + 1;
    return next >= 0;
  }

  private badName(start: number): undefined {
    const comma = this.text.indexOf(',', start);
    this.position = comma < 0 ? this.text.length : comma;
    const found = this.text.slice(start, this.position);
    if (found === '') return this.report(start, 'an empty option', 'remove the comma too many');
    return this.report(start, `${show(found)} does not begin with an option's name`, 'options are key=value or a flag');
  }

  private report(index: number, message: string, hint: string): undefined {
    this.findings.error(this.locate(index), 'config.option-syntax', message, hint);
  }

  /** The match at the position, or its first group; `undefined` if there is none. */
  private take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.position;
    const match = pattern.exec(this.text);
    if (match === null) return undefined;
    this.position = pattern.lastIndex;
    return match[1] ?? match[0];
  }
}
