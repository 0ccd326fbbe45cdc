import { CliExitCode } from '../report/exit-codes.js';
import { CliError } from '../report/report-error.js';

/*
 * The scripts run `qvm complete -- WORDS…`, which prints a candidate on each line: the whole word, and after a tab its
 * description. No blank is added after a word that ends with "/", "=" or ":".
 */

/** Bash splits words at "=" and ":", and replaces only the part after them. */
const BASH = `# bash completion of qvm: source it, or put it into ~/.local/share/bash-completion/completions/qvm
_qvm() {
  local words=() word joined='' index
  for ((index = 1; index <= COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    if [[ $word == [=:]* && \${#words[@]} -gt 0 ]] || [[ $joined ]]; then
      words[-1]+=$word
    else
      words+=("$word")
    fi
    joined=''
    [[ $word == *[=:] ]] && joined=1
  done
  local current=\${words[-1]} last=\${COMP_WORDS[COMP_CWORD]}
  [[ $last == [=:] ]] && last=''
  local before=\${current%"$last"} candidates line
  mapfile -t candidates < <("\${COMP_WORDS[0]}" complete -- "\${words[@]}" 2>/dev/null)
  COMPREPLY=()
  for line in "\${candidates[@]}"; do
    word=\${line%%$'\\t'*}
    [[ $word == *[/=:] ]] && compopt -o nospace
    word=\${word#"$before"}
    # A tilde that is quoted is no home.
    if [[ $word == '~/'* ]]; then
      COMPREPLY+=("~/$(printf '%q' "\${word:2}")")
    else
      COMPREPLY+=("$(printf '%q' "$word")")
    fi
  done
}
complete -F _qvm qvm
`;

const ZSH = `#compdef qvm
# zsh completion of qvm: put it into a folder of $fpath as _qvm
_qvm() {
  local line word
  local -a more=() moreTexts=() whole=() wholeTexts=()
  for line in "\${(@f)$("\${(Q)words[1]}" complete -- "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" 2>/dev/null)}"; do
    [[ -z $line ]] && continue
    word=\${line%%$'\\t'*}
    if [[ $word == *[/=:] ]]; then
      more+=("$word")
      moreTexts+=("\${line/$'\\t'/  -- }")
    else
      whole+=("$word")
      wholeTexts+=("\${line/$'\\t'/  -- }")
    fi
  done
  (( $#more )) && compadd -S '' -l -d moreTexts -- "\${more[@]}"
  (( $#whole )) && compadd -l -d wholeTexts -- "\${whole[@]}"
}
if [[ $funcstack[1] == _qvm ]]; then
  _qvm "$@"
else
  compdef _qvm qvm
fi
`;

const FISH = `# fish completion of qvm: put it into ~/.config/fish/completions/qvm.fish
function __qvm_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    $words[1] complete -- $words[2..] "$current" 2>/dev/null
end
complete -c qvm -f -a '(__qvm_complete)'
`;

const SCRIPTS: Readonly<Record<string, string>> = { bash: BASH, zsh: ZSH, fish: FISH };

/** The completion script for a shell. @throws CliError for another shell. */
export function completionScript(shell: string): string {
  const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
  if (script !== undefined) return script;
  const known = Object.keys(SCRIPTS).join(', ');
  throw new CliError(`there is no completion for "${shell}"; there are ${known}`, CliExitCode.Usage);
}
