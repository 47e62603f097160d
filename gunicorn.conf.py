"""The web server. Threads, so that readers do not wait for a writer; addresses and sizes come from the environment."""

from config.environment import read

demo = read("DIANDAN_MODE") == "demo"
bind = f"{'127.0.0.1' if demo else read('BIND') or '127.0.0.1'}:{read('PORT')}"
worker_class = "gthread"
workers = read("WEB_WORKERS")
threads = read("WEB_THREADS")
timeout = 120
graceful_timeout = 20
keepalive = 5
max_requests = 20000
max_requests_jitter = 2000
limit_request_line = 8190
limit_request_fields = 100
limit_request_field_size = 16380
accesslog = "-"
errorlog = "-"
# No query string and no referrer: they may carry a resident's number or name.
access_log_format = "%(h)s %(m)s %(U)s %(s)s %(B)s %(M)sms"
forwarded_allow_ips = "*" if read("BEHIND_PROXY") else "127.0.0.1"
control_socket_disable = True
