import type { CpuDraft } from '../draft.js';
import type { Located, SourceLocation } from '../location.js';
import type { Token } from './lexer.js';
import type { LineContext, LineReader } from './line-reader.js';

/** The options of one vCPU; the last one of each has effect. */
export class CpuContext implements LineContext {
  readonly words = ['runmask', 'sched', 'partition', 'cluster'];
  private runmask: Located<string> | undefined;
  private sched: Located<string> | undefined;

  constructor(
    private readonly at: SourceLocation,
    private readonly reader: LineReader,
  ) {}

  get draft(): CpuDraft {
    return { at: this.at, runmask: this.runmask, sched: this.sched };
  }

  take(word: Token): boolean {
    if (word.text === 'runmask') this.runmask = this.reader.value(word);
    else if (word.text === 'sched') this.sched = this.scheduling(word);
    else if (word.text === 'partition' || word.text === 'cluster') this.hostFeature(word);
    else return false;
    return true;
  }

  /** `HI,LO,MAXREPL,PERIOD,BUDGET s`: a blank is allowed before the last letter of the sporadic policy. */
  private scheduling(word: Token): Located<string> | undefined {
    const value = this.reader.value(word);
    if (value === undefined || !value.value.includes(',') || this.reader.peek()?.text !== 's') return value;
    this.reader.next();
    return { value: `${value.value}s`, at: value.at };
  }

  private hostFeature(word: Token): void {
    if (this.reader.argument(word) === undefined) return;
    const message = `"${word.text}" asks for a scheduler that this host does not have`;
    this.reader.findings.warning(this.reader.at(word), 'config.not-supported', message, 'runmask names host CPUs');
  }
}
