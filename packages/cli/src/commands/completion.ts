import type { Command } from 'commander';
import { CliExitCode } from '../report/exit-codes.js';
import { CliError } from '../report/report-error.js';

/** One place on the command line: the words before it, and what may follow. */
interface Place {
  /** Commands typed so far, such as `guest fetch`. */
  readonly path: string;
  readonly words: readonly string[];
  /** Whether a file may follow. */
  readonly files: boolean;
}

function placesOf(command: Command, path: readonly string[] = []): readonly Place[] {
  const words = [
    ...command.commands.map((child) => child.name()),
    ...command.options.flatMap(({ long }) => long ?? []),
    ...(path.join(' ') === 'completion' ? Object.keys(WRITERS) : []),
  ];
  const files = command.registeredArguments.some((argument) => argument.name() === 'file');
  const place = { path: path.join(' '), words, files };
  return [place, ...command.commands.flatMap((child) => placesOf(child, [...path, child.name()]))];
}

function bash(places: readonly Place[]): string {
  const cases = places.map(({ path, words, files }) => {
    const more = files ? ' files=1' : '';
    return `    '${path}') words='${words.join(' ')}'${more} ;;`;
  });
  return `# bash completion of qvm: source it, or put it into ~/.local/share/bash-completion/completions/qvm
_qvm() {
  local path='' word words='' files=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $word == -* || $word == */* || $word == *.* ]] && continue
    path="\${path:+$path }$word"
  done
  case $path in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
  [[ $files ]] && COMPREPLY+=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o filenames -F _qvm qvm
`;
}

function zsh(places: readonly Place[]): string {
  const cases = places.map(({ path, words, files }) => {
    const more = files ? '; _files' : '';
    return `    '${path}') compadd -- ${words.join(' ')}${more} ;;`;
  });
  return `#compdef qvm
# zsh completion of qvm: put it into a folder of $fpath as _qvm
_qvm() {
  local path_='' word
  for word in \${words[2,CURRENT-1]}; do
    [[ $word == -* || $word == */* || $word == *.* ]] && continue
    path_="\${path_:+$path_ }$word"
  done
  case $path_ in
${cases.join('\n')}
  esac
}
_qvm "$@"
`;
}

function fish(places: readonly Place[]): string {
  const lines = places.flatMap(({ path, words, files }) => {
    const condition =
      path === ''
        ? '__fish_use_subcommand'
        : path
            .split(' ')
            .map((word) => `__fish_seen_subcommand_from ${word}`)
            .join('; and ');
    const commands = words.filter((word) => !word.startsWith('-'));
    const options = words.filter((word) => word.startsWith('--'));
    return [
      ...(commands.length === 0 ? [] : [`complete -c qvm -n '${condition}' -f -a '${commands.join(' ')}'`]),
      ...options.map((option) => `complete -c qvm -n '${condition}' ${files ? '' : '-f '}-l ${option.slice(2)}`),
    ];
  });
  return `# fish completion of qvm: put it into ~/.config/fish/completions/qvm.fish\n${lines.join('\n')}\n`;
}

const WRITERS: Readonly<Record<string, (places: readonly Place[]) => string>> = { bash, zsh, fish };

/** The completion script for a shell. */
export function completion(shell: string, program: Command): string {
  const write = Object.hasOwn(WRITERS, shell) ? WRITERS[shell] : undefined;
  if (write !== undefined) return write(placesOf(program));
  throw new CliError(
    `there is no completion for "${shell}"; there are ${Object.keys(WRITERS).join(', ')}`,
    CliExitCode.Usage,
  );
}
