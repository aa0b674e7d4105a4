# Completion of wsmigrate for fish. Once:
#
#	wsmigrate completion fish > ~/.config/fish/completions/wsmigrate.fish

function __wsmigrate_complete
    set -l words (commandline -opc)
    set -l cur (commandline -ct)
    for line in ($words[1] __complete $words[2..-1] "$cur" 2>/dev/null)
        switch $line
            case :files
                __fish_complete_path "$cur"
            case :folders
                __fish_complete_directories "$cur"
            case '*'
                echo $line
        end
    end
end
complete -c wsmigrate -f -a '(__wsmigrate_complete)'
