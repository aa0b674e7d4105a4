# Completion of wsmigrate for bash. In ~/.bashrc:
#
#	source <(wsmigrate completion bash)

_wsmigrate() {
	local word cur=${COMP_WORDS[COMP_CWORD]}
	[ "$cur" = "=" ] && cur= # bash takes -format=json for three words
	COMPREPLY=()
	while IFS=$'\t' read -r word _; do
		case $word in
		:files)
			compopt -o filenames
			while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$cur")
			;;
		:folders)
			compopt -o filenames
			while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -d -- "$cur")
			;;
		*)
			COMPREPLY+=("$word")
			;;
		esac
	done < <("${COMP_WORDS[0]}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _wsmigrate wsmigrate
