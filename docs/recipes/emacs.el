;; In the init file. M-x wsmigrate-lint shows the hazards of the module, and
;; next-error goes to them.
(defun wsmigrate-lint ()
  "Look for hazards of WebSocket code in the module of this buffer."
  (interactive)
  (let ((default-directory
         (or (locate-dominating-file default-directory "go.mod")
             default-directory)))
    (compile "wsmigrate -q lint ./...")))
