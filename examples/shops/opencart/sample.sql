-- The columns of OpenCart's tables that are read, with made-up rows.
CREATE TABLE oc_customer (
    customer_id integer PRIMARY KEY, firstname varchar(32), lastname varchar(32), email varchar(96), telephone varchar(32), newsletter smallint,
    status smallint, date_added timestamp);
CREATE TABLE oc_order (
    order_id integer PRIMARY KEY, customer_id integer, email varchar(96), total decimal(15,4), order_status_id integer, currency_code varchar(3),
    currency_value decimal(15,8), date_added timestamp, date_modified timestamp);
CREATE TABLE oc_order_product (order_product_id integer PRIMARY KEY, order_id integer, name varchar(255), quantity integer, price decimal(15,4));
CREATE TABLE oc_order_total (
    order_total_id integer PRIMARY KEY, order_id integer, code varchar(32), title varchar(255), value decimal(15,4), sort_order integer);
INSERT INTO oc_customer (customer_id, firstname, lastname, email, telephone, newsletter, status) VALUES
    (1, 'Olena', 'Koval', 'olena@zerno.example', '067 123 45 67', 1, 1), (2, 'Ivan', 'Petrenko', 'ivan@zerno.example', '', 0, 1);
INSERT INTO oc_order (order_id, customer_id, email, total, order_status_id, currency_code, currency_value, date_added) VALUES
    (1, 1, 'olena@zerno.example', 560.0000, 5, 'USD', 0.024, '2025-03-02 00:30:00'), (2, 1, 'olena@zerno.example', 90.0000, 7, 'UAH', 1, '2025-03-03 10:00:00'),
    (3, 2, 'ivan@zerno.example', 75.5000, 3, 'UAH', 1, '2025-07-04 10:00:00'), (4, 2, 'ivan@zerno.example', 20.0000, 0, 'UAH', 1, '2025-07-05 10:00:00'),
    (5, 0, 'guest@zerno.example', 20.0000, 5, 'UAH', 1, '2025-07-05 10:00:00');
INSERT INTO oc_order_product (order_product_id, order_id, name, quantity, price) VALUES
    (1, 1, 'Sencha', 2, 100), (2, 1, 'Kyusu', 1, 300), (3, 2, 'Oolong', 1, 90), (4, 3, 'Oolong', 1, 75.5), (5, 4, 'Oolong', 1, 20), (6, 5, 'Oolong', 1, 20);
INSERT INTO oc_order_total (order_total_id, order_id, code, title, value, sort_order) VALUES
    (1, 1, 'sub_total', 'Sub-Total', 500, 1), (2, 1, 'shipping', 'Shipping', 60, 3), (3, 1, 'total', 'Total', 560, 9), (4, 2, 'total', 'Total', 90, 9),
    (5, 3, 'sub_total', 'Sub-Total', 75.5, 1), (6, 3, 'total', 'Total', 75.5, 9), (7, 4, 'total', 'Total', 20, 9), (8, 5, 'total', 'Total', 20, 9);
