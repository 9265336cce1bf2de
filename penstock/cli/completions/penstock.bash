# Completion of penstock for bash: eval "$(penstock completion bash)"
_penstock() {
    local IFS=$'\n' line
    local word="${COMP_WORDS[COMP_CWORD]}"
    COMPREPLY=()
    while IFS= read -r line; do
        if [[ $line == FILES ]]; then
            compopt -o filenames 2>/dev/null
            COMPREPLY+=($(compgen -f -- "$word"))
        else
            COMPREPLY+=("$(printf %q "${line%%$'\t'*}")")
        fi
    done < <(penstock completion bash --words "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _penstock penstock
