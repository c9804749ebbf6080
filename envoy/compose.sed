# What a container changes of the configuration: its own loopback is no one else's, so it
# listens on all of its addresses. Which of this machine's lead there says
# docker-compose.yaml.
s/\(address: \)127\.0\.0\.1\(, port_value: 10000}\)/\10.0.0.0\2/
s/\(address: \)127\.0\.0\.1\(, port_value: 9901}\)/\10.0.0.0\2/
