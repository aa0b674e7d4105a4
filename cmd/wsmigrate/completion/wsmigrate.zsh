#compdef wsmigrate
# Completion of wsmigrate for zsh. In ~/.zshrc, behind compinit:
#
#	source <(wsmigrate completion zsh)

_wsmigrate() {
	local -a found
	local word what ret=1
	while IFS=$'\t' read -r word what; do
		case $word in
		:files) _files && ret=0 ;;
		:folders) _files -/ && ret=0 ;;
		*) found+=("${word//:/\\:}:$what") ;;
		esac
	done < <("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)
	(( $#found )) && _describe wsmigrate found && ret=0
	return ret
}
compdef _wsmigrate wsmigrate
