#compdef penstock
# Completion of penstock for zsh: eval "$(penstock completion zsh)", after compinit
_penstock() {
    local line word text
    local -a candidates
    for line in "${(@f)$(penstock completion zsh --words "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
        if [[ $line == FILES ]]; then
            _files
        elif [[ -n $line ]]; then
            word=${line%%$'\t'*}
            text=${line#$word}
            candidates+=("${word//:/\\:}${text:+:${text#$'\t'}}")
        fi
    done
    (( $#candidates )) && _describe penstock candidates
}
if [[ $funcstack[1] == _penstock ]]; then
    _penstock "$@"
else
    compdef _penstock penstock
fi
