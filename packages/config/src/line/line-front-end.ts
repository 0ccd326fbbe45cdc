import type { OptionDeclarations } from '@qvm/core/options';
import { nameHint, show } from '@qvm/core/options';
import { plainType } from '../build-vdev.js';
import type { VdevDraft, VmDraft } from '../draft.js';
import type { FindingList } from '../finding.js';
import type { LineIndex } from '../location.js';
import { type Token, tokenize } from './lexer.js';
import { LineDraft } from './line-draft.js';
import { type LineContext, LineReader, type VdevOptionsLookup } from './line-reader.js';
import { LINE_WORDS, type OpenFile } from './line-words.js';
import { CONTROLLER_TYPES, INTERRUPT_CONTROLLERS, INTERRUPT_HINT } from './places.js';

/** Parses the line form. Errors are reported; the draft has the valid parts. */
export function draftFromLines(
  text: string,
  lines: LineIndex,
  findings: FindingList,
  vdevOptions: VdevOptionsLookup = () => undefined,
): VmDraft {
  const reader = new LineReader(tokenize(text, lines, findings), lines, findings);
  return new LineFrontEnd(reader, vdevOptions).read();
}

/** The name of a vdev that is an interrupt controller. */
function controllerNames({ type, options }: VdevDraft): readonly string[] {
  if (!CONTROLLER_TYPES.has(plainType(type?.value ?? ''))) return [];
  return options.flatMap(({ name, value }) => (name === 'name' && value !== undefined ? [value] : []));
}

const FOREIGN_COMMENT = /^\/[/*]/;

class LineFrontEnd implements OpenFile {
  readonly draft: LineDraft;
  private context: LineContext | undefined;
  private last: Token | undefined;

  constructor(
    readonly reader: LineReader,
    private readonly vdevOptions: VdevOptionsLookup,
  ) {
    this.draft = new LineDraft(reader);
  }

  read(): VmDraft {
    for (let word = this.reader.next(); word !== undefined; word = this.reader.next()) {
      if (this.reader.findings.full) break;
      if (FOREIGN_COMMENT.test(word.text) && word.bare > 1) this.comment(word);
      else if (this.context?.take(word) !== true) this.global(word);
    }
    const draft = this.draft.finish();
    this.checkControllers(draft);
    return draft;
  }

  /** Reports interrupt controllers that there are none, or that guests of the architecture do not have. */
  private checkControllers({ arch, vdev }: VmDraft): void {
    const named = new Set(vdev?.items.flatMap(controllerNames) ?? []);
    for (const { value, at } of this.reader.controllers) {
      if (named.has(value)) continue;
      const owner = INTERRUPT_CONTROLLERS.get(value);
      if (owner === undefined) {
        const message = `there is no interrupt controller ${show(value)}`;
        this.reader.findings.error(at, 'config.bad-interrupt', message, INTERRUPT_HINT);
      } else if (arch !== undefined && owner !== arch.value) {
        const message = `${show(value)} is an interrupt controller of ${owner} guests, not of ${arch.value} ones`;
        this.reader.findings.error(at, 'config.bad-interrupt', message);
      }
    }
  }

  open<C extends LineContext>(context: C): C {
    this.context = context;
    return context;
  }

  optionsOf(type: string): OptionDeclarations | undefined {
    return this.vdevOptions(plainType(type));
  }

  private global(word: Token): void {
    const handler = LINE_WORDS.get(word.text);
    if (handler !== undefined) {
      this.last = word;
      return handler(this, word);
    }
    const words = [...(this.context?.words ?? []), ...LINE_WORDS.keys()];
    const message = `there is no word ${show(word.text)}${this.context === undefined ? '' : ' here'}`;
    const hint = this.isOfCommandLine(word) ? 'put the whole command line in "…"' : nameHint(word.text, words, 'words');
    this.reader.error(word, 'config.unknown-word', message, hint);
    this.skipArguments();
  }

  private isOfCommandLine(word: Token): boolean {
    const { reader, last } = this;
    return last?.text === 'cmdline' && reader.at(last).line === reader.at(word).line;
  }

  /**
   * Reports `//` or `/*` in place of a word as a comment, and skips the rest of the line or the text up to the end
   * mark.
   */
  private comment(word: Token): void {
    const { reader } = this;
    const begin = word.text.slice(0, 2);
    reader.error(word, 'config.comment', `comments do not begin with ${begin}`, 'begin them with #');
    const { line } = reader.at(word);
    let last: Token | undefined = word;
    for (let next = reader.peek(); next !== undefined; next = reader.peek()) {
      if (begin === '//' ? reader.at(next).line !== line : last?.text.endsWith('*/')) return;
      last = reader.next();
    }
  }

  /** Skips the words after an unknown word, because they are probably its arguments and should not be reported, too. */
  private skipArguments(): void {
    for (let next = this.reader.peek(); next !== undefined; next = this.reader.peek()) {
      if (LINE_WORDS.has(next.text) || this.context?.words.includes(next.text) === true) return;
      this.reader.next();
    }
  }
}
