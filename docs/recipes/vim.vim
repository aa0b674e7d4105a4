" ~/.vim/compiler/wsmigrate.vim, or ~/.config/nvim/compiler/wsmigrate.vim. Then
" ":compiler wsmigrate" and ":make" fill the quickfix list.
if exists('current_compiler')
  finish
endif
let current_compiler = 'wsmigrate'
CompilerSet makeprg=wsmigrate\ -q\ lint\ ./...
CompilerSet errorformat=%f:%l:%c:\ %m,%-G%.%#
