output "vpc_id" {
  value = aws_vpc.this.id
}

output "private_subnets" {
  value = [for zone in local.zones : aws_subnet.private[zone].id]
}

output "private_cidrs" {
  value = values(local.private)
}

output "public_subnets" {
  value = [for zone in local.zones : aws_subnet.public[zone].id]
}

output "nat_count" {
  value = length(local.nat)
}

# Nothing that needs the way out may start before it exists, and the way out must not go before it.
output "ready" {
  value      = true
  depends_on = [aws_route.nat, aws_route.internet, aws_route_table_association.private, aws_vpc_endpoint.s3]
}
