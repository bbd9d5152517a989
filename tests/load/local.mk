# Load scripts for users, shipped with the sources: scenarios for gilctl load, a
# client in Python and one in the shell. tests/e2e/test_load_scripts.sh runs them.

EXTRA_DIST += \
	%D%/README.md \
	%D%/client.py \
	%D%/convoy.json \
	%D%/mixed.json \
	%D%/outputs.py \
	%D%/ramp.json \
	%D%/restart.json \
	%D%/smoke.json \
	%D%/submit.sh
