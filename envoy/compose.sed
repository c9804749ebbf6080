# What containers change of failover.yaml. A container's loopback is its own: Envoy listens on all of its
# addresses, and docker-compose.yaml publishes two ports of them on this machine's loopback. The providers are
# other containers: their services' names are looked up, so that they may restart and get other addresses.
s/\(address: \)127\.0\.0\.1\(, port_value: 10000}\)/\10.0.0.0\2/
s/\(address: \)127\.0\.0\.1\(, port_value: 9901}\)/\10.0.0.0\2/
s/\(address: \)127\.0\.0\.1\(, port_value: 9101}\)/\1north\2/
s/\(address: \)127\.0\.0\.1\(, port_value: 9102}\)/\1south\2/
s/^\( *type: \)STATIC$/\1STRICT_DNS/
