# Completion of penstock for fish: penstock completion fish > ~/.config/fish/completions/penstock.fish
function __penstock_complete
    set -l words (commandline --tokenize --cut-at-cursor --current-process) (commandline --current-token --cut-at-cursor)
    for line in (penstock completion fish --words $words[2..-1] 2>/dev/null)
        if test "$line" = FILES
            __fish_complete_path (commandline --current-token --cut-at-cursor)
        else
            echo $line
        end
    end
end
complete --command penstock --no-files --arguments '(__penstock_complete)'
