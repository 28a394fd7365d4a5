select * from {{ ref("refunds") }}
