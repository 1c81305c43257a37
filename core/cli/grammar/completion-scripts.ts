export type Shell = 'bash' | 'zsh' | 'fish' | 'powershell';

/**
 * What each shell loads to complete the arguments of this program. They ask the program itself, which prints one candidate
 * a line, with a tab before its description; nothing means that a file is expected.
 */
export const scripts: Readonly<Record<Shell, string>> = {
  bash: `# Completion of partner-auth for bash. To install:
#   partner-auth completion bash >> ~/.bashrc
_partner_auth() {
  local IFS=$'\\n'
  COMPREPLY=($(partner-auth __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f 1))
}
complete -o default -F _partner_auth partner-auth
`,
  zsh: `#compdef partner-auth
# Completion of partner-auth for zsh. To install, into a folder of $fpath, before compinit:
#   partner-auth completion zsh > ~/.zfunc/_partner-auth
_partner_auth() {
  local line
  local -a candidates
  for line in "\${(@f)$(partner-auth __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -n "$line" ]] && candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  if (( \${#candidates} )); then _describe 'partner-auth' candidates; else _files; fi
}
if [[ "\${funcstack[1]}" = _partner_auth ]]; then _partner_auth "$@"; else compdef _partner_auth partner-auth; fi
`,
  fish: `# Completion of partner-auth for fish. To install:
#   partner-auth completion fish > ~/.config/fish/completions/partner-auth.fish
function __partner_auth_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l found (partner-auth __complete $words[2..] "$current" 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\\n' $found
    else
        __fish_complete_path "$current"
    end
end
complete -c partner-auth -f -a '(__partner_auth_complete)'
`,
  powershell: `# Completion of partner-auth for PowerShell. To install:
#   partner-auth completion powershell >> $PROFILE
Register-ArgumentCompleter -Native -CommandName partner-auth -ScriptBlock {
    param($word, $ast, $cursor)
    $words = @($ast.CommandElements | Select-Object -Skip 1 | Where-Object { $_.Extent.EndOffset -lt $cursor } | ForEach-Object { $_.ToString() })
    # Windows PowerShell drops an empty argument.
    $current = if ($word -eq '') { '""' } else { $word }
    partner-auth __complete @words $current 2>$null | ForEach-Object {
        $value, $text = $_ -split "\`t", 2
        [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $(if ($text) { $text } else { $value }))
    }
}
`,
};
