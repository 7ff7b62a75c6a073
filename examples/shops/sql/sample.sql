CREATE TABLE clients (id integer PRIMARY KEY, email varchar(100), first_name varchar(50), agrees integer, agreed_at timestamp, agreed_where varchar(50));
CREATE TABLE sales (
    id varchar(20) PRIMARY KEY, client_id integer, created_at timestamp, updated_at timestamp, total decimal(12,2), currency char(3), state varchar(10),
    is_test integer);
INSERT INTO clients VALUES (1, 'olena@zerno.example', 'Olena', 1, '2024-01-05 10:00:00', 'checkout'), (2, 'ivan@zerno.example', 'Ivan', 0, NULL, '');
INSERT INTO sales VALUES
    ('S1', 1, '2025-03-01 23:30:00', '2025-03-02 10:00:00', 100.10, 'UAH', 'paid', 0), ('S2', 1, '2025-04-01 10:00:00', '2025-04-01 10:00:00', 30.00, 'UAH', 'credit', 0),
    ('S3', 2, '2025-04-02 10:00:00', '2025-04-02 10:00:00', 5.00, 'EUR', 'void', 0), ('S4', 2, '2025-04-03 10:00:00', '2025-04-03 10:00:00', 5.00, 'UAH', 'basket', 0),
    ('S5', 2, '2025-04-04 10:00:00', '2025-04-04 10:00:00', 5.00, 'UAH', 'paid', 1);
