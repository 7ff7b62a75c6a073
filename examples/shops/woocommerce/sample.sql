-- The columns of WooCommerce's tables that are read, with made-up rows.
CREATE TABLE wp_wc_customer_lookup (
    customer_id integer PRIMARY KEY, user_id integer, username varchar(60), first_name varchar(255), last_name varchar(255), email varchar(100),
    date_registered timestamp, country char(2), postcode varchar(20), city varchar(100), state varchar(100));
CREATE TABLE wp_wc_orders (
    id integer PRIMARY KEY, status varchar(20), currency varchar(10), type varchar(20), tax_amount decimal(26,8), total_amount decimal(26,8),
    customer_id integer, billing_email varchar(320), date_created_gmt timestamp, date_updated_gmt timestamp, parent_order_id integer);
CREATE TABLE wp_wc_order_stats (
    order_id integer PRIMARY KEY, parent_id integer, date_created timestamp, num_items_sold integer, total_sales decimal(26,8), net_total decimal(26,8),
    status varchar(20), customer_id integer);
INSERT INTO wp_wc_customer_lookup (customer_id, user_id, username, first_name, last_name, email, country, city) VALUES
    (1, 11, 'olena', 'Olena', 'Koval', 'olena@zerno.example', 'UA', 'Kyiv'), (2, NULL, '', 'Ivan', 'Guest', 'Ivan@zerno.example', 'UA', 'Lviv');
INSERT INTO wp_wc_orders (id, status, currency, type, total_amount, customer_id, date_created_gmt, date_updated_gmt, parent_order_id) VALUES
    (101, 'wc-completed', 'UAH', 'shop_order', 500.00, 11, '2025-03-01 22:30:00', '2025-03-02 10:00:00', 0),
    (102, 'wc-completed', 'UAH', 'shop_refund', -120.00, 0, '2025-03-05 10:00:00', '2025-03-05 10:00:00', 101),
    (103, 'wc-refunded', 'UAH', 'shop_order', 300.00, 0, '2025-03-06 10:00:00', '2025-03-07 10:00:00', 0),
    (104, 'wc-completed', 'UAH', 'shop_refund', -300.00, 0, '2025-03-07 10:00:00', '2025-03-07 10:00:00', 103),
    (105, 'wc-cancelled', 'UAH', 'shop_order', 80.00, 11, '2025-03-08 10:00:00', '2025-03-08 10:00:00', 0),
    (106, 'wc-checkout-draft', 'UAH', 'shop_order', 10.00, 0, '2025-03-09 10:00:00', '2025-03-09 10:00:00', 0),
    (107, 'wc-processing', 'EUR', 'shop_order', 40.50, 0, '2025-03-10 10:00:00', '2025-03-10 10:00:00', 0);
INSERT INTO wp_wc_order_stats (order_id, parent_id, num_items_sold, total_sales, status, customer_id) VALUES
    (101, 0, 4, 500, 'wc-completed', 1), (102, 101, -1, -120, 'wc-completed', 1), (103, 0, 2, 300, 'wc-refunded', 2),
    (104, 103, -2, -300, 'wc-completed', 2), (105, 0, 1, 80, 'wc-cancelled', 1), (106, 0, 1, 10, 'wc-checkout-draft', 2),
    (107, 0, 1, 40.5, 'wc-processing', 2);
